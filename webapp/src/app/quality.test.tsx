import { act, screen, waitFor, within } from '@testing-library/react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { renderApp } from '@/testing/app'
import { accessibilityProblems } from '@/testing/axe'

// How a call sounds, as the page shows it. The browser's counts and the seconds are the test's.

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A call that is talked in this page. seconds lets time pass: so many packets come, and so many of a hundred are lost. */
async function talk(language: 'en' | 'ru' = 'en') {
  const app = await renderApp('talking', { language })
  await screen.findByRole('button', { name: language === 'en' ? 'Phone: ready' : 'Телефон: готов' })
  const session = app.ua.invite('call1', true)
  await waitFor(() => expect(app.ua.done).toContain(`answer ${session}`))
  act(() => app.ua.emit({ type: 'ua.accepted', session }))
  let received = 0
  let lost = 0
  let sent = 0
  const seconds = async (n: number, packets = 50, losing = 0) => {
    for (let i = 0; i < n; i++) {
      vi.setSystemTime(Date.now() + 1000)
      received += packets * (1 - losing)
      lost += packets * losing
      sent += 50
      app.ua.counted = [
        { type: 'codec', id: 'c', mimeType: 'audio/opus' },
        {
          type: 'inbound-rtp',
          kind: 'audio',
          codecId: 'c',
          packetsReceived: received,
          packetsLost: lost,
          jitter: 0.004,
        },
        { type: 'outbound-rtp', kind: 'audio', packetsSent: sent },
      ]
      await act(async () => {
        app.tick()
        await Promise.resolve()
        await Promise.resolve()
      })
    }
  }
  return { ...app, session, seconds }
}

const call = () => screen.getByRole('region', { name: /Current call|Текущий звонок/u })

test('a word, and the figures for who asks with the mouse, the keyboard or a screen reader', async () => {
  const { seconds, user } = await talk()
  expect(within(call()).queryByRole('button', { name: /^Connection/u })).toBeNull()
  await seconds(4)
  const mark = within(call()).getByRole('button', { name: 'Connection: good' })
  expect(mark).toHaveAccessibleDescription(
    'Quality (MOS): 4.4 of 4.5; Lost on the way in: 0%; Lost on the way out: —; Jitter: 4 ms; Round trip: —; Codec: Opus',
  )
  await user.hover(mark)
  expect(await screen.findByRole('tooltip')).toHaveTextContent('4.4 of 4.5')
  await seconds(5, 50, 0.3)
  expect(within(call()).getByRole('button', { name: 'Connection: poor' })).toHaveAccessibleDescription(/way in: 30%/u)
  expect(await accessibilityProblems()).toEqual([])
})

test.each([
  ['en', 'Connection: good'],
  ['ru', 'Связь: хорошая'],
] as const)('in %s', async (language, name) => {
  const { seconds } = await talk(language)
  await seconds(4)
  expect(within(call()).getByRole('button', { name })).toBeInTheDocument()
  expect(document.body.textContent).not.toMatch(/\bquality\.[a-z]+/iu)
})

test('one-way audio is told politely, takes no focus, and goes by itself', async () => {
  const { seconds, asked, user } = await talk()
  await seconds(3)
  const comment = await screen.findByRole('textbox', { name: 'Comment' })
  await user.click(comment)
  await seconds(5, 0)
  const alert = within(call()).getByText(/The customer's voice does not reach you/u)
  expect(alert.closest('[aria-live=polite]')).not.toBeNull()
  expect(comment).toHaveFocus()
  await waitFor(() => expect(asked.map(({ name }) => name)).toContain('ReportPhoneHealth'))
  const report = asked.findLast(({ name }) => name === 'ReportPhoneHealth')
  expect(report?.variables).toMatchObject({
    input: { quality: { callId: 'call1', alerts: [{ kind: 'ONE_WAY_IN', over: false }] } },
  })
  await seconds(3)
  expect(alert).not.toBeInTheDocument()
  expect(await accessibilityProblems()).toEqual([])
})

test('the end of the voice is the end of the figures', async () => {
  const { seconds, ua, session } = await talk()
  await seconds(4)
  act(() => ua.emit({ type: 'ua.ended', session, cause: 'Terminated', byUs: false }))
  await seconds(1)
  expect(within(call()).queryByRole('button', { name: /^Connection/u })).toBeNull()
})

test('the history tells how a call sounded, the figures on demand', async () => {
  const { user } = await renderApp('talking')
  const row = await waitFor(() => {
    const [, found] = within(screen.getByRole('list', { name: 'History' })).getAllByRole('listitem')
    if (!found) throw new Error('not there yet')
    return found
  })
  await user.click(within(row).getByRole('button', { expanded: false }))
  expect(await within(row).findByRole('button', { name: 'Connection: fair' })).toHaveAccessibleDescription(
    /3\.6 of 4\.5/u,
  )
  await user.click(within(row).getByRole('button', { name: 'Figures' }))
  const table = within(row).getByRole('table')
  expect(
    within(table)
      .getAllByRole('columnheader')
      .map((cell) => cell.textContent),
  ).toEqual(['average (worst)', 'Browser', 'Exchange – operator', 'Exchange – customer'])
  const losses = within(table).getByRole('row', { name: /Lost on the way in/u })
  expect(losses).toHaveTextContent('3.4% (20%)1.1% (5%)0%')
  const alerts = within(row).getByRole('list', { name: 'What went wrong' })
  expect(alerts).toHaveTextContent('no voice came in, 0:09')
  expect(alerts).toHaveTextContent('no voice came in (Exchange – customer)')
  expect(await accessibilityProblems()).toEqual([])
})

test('a supervisor sees how the calls of the team sound; an operator does not', async () => {
  const { user, unmount } = await renderApp('supervisor')
  const team = await screen.findByRole('list', { name: 'Team' })
  await user.click(await within(team).findByRole('button', { name: 'Connection: fair' }))
  const figures = await screen.findByRole('dialog', { name: 'Connection' })
  expect(await within(figures).findByRole('row', { name: /Quality/u })).toHaveTextContent('3.9 (2.4)4.2 (3.0)4.4')
  expect(await accessibilityProblems()).toEqual([])
  unmount()
  await renderApp('talking')
  await screen.findByRole('list', { name: 'Team' })
  expect(screen.queryByRole('button', { name: 'Connection: fair' })).toBeNull()
})
