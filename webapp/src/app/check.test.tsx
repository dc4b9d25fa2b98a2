import { act, screen, waitFor, within } from '@testing-library/react'
import { expect, test } from 'vitest'
import type { Finding } from '@/phone/preflight'
import type { ProbeParts } from '@/phone/probes'
import { MicrophoneError, type Microphone } from '@/phone/types'
import { fakeStream, renderApp } from '@/testing/app'

const blocked = {
  open: async () => Promise.reject(new MicrophoneError('denied')),
  watch: () => () => {},
}

/** Parts whose echo fails until the test says otherwise. */
function noEcho() {
  const finding: { now: Finding } = { now: { state: 'failed', problem: 'no_media' } }
  return { finding, probes: (parts: ProbeParts) => ({ ...parts, echo: async () => finding.now }) }
}

const reported = (asked: { name: string; variables: Record<string, unknown> }[]) =>
  asked
    .filter(({ name }) => name === 'ReportPhoneHealth')
    .map(
      ({ variables }) =>
        variables['input'] as { check: { steps: { name: string; state: string; problem: string }[] } | null },
    )

test('at every start of the phone it is checked, and the server is told', async () => {
  const { asked } = await renderApp('idle')
  expect(await screen.findByText('The phone is checked: everything works.')).toBeInTheDocument()
  await waitFor(() => expect(reported(asked)).toHaveLength(1))
  const steps = reported(asked)[0]?.check?.steps ?? []
  expect(steps.map(({ name }) => name)).toEqual([
    'PERMISSION',
    'MICROPHONE',
    'RINGTONE',
    'LEVEL',
    'SPEAKER',
    'NOTIFICATIONS',
    'CONNECTION',
    'REGISTRATION',
    'MEDIA',
    'CLOCK',
  ])
  expect(steps.every(({ state }) => state === 'OK')).toBe(true)
})

test('what fails stays in sight until it is mended', async () => {
  const { finding, probes } = noEcho()
  const { user, asked } = await renderApp('idle', { probes })
  expect(await screen.findByText(/No voice gets through\./)).toBeInTheDocument()
  await waitFor(() =>
    expect(reported(asked).at(-1)?.check?.steps).toContainEqual({
      name: 'MEDIA',
      state: 'FAILED',
      problem: 'no_media',
      detail: '',
    }),
  )
  finding.now = { state: 'ok', detail: '50 ms' }
  await user.click(screen.getByRole('button', { name: 'Check again' }))
  await waitFor(() => expect(screen.queryByText(/No voice gets through\./)).not.toBeInTheDocument())
  await waitFor(() =>
    expect(reported(asked).at(-1)?.check?.steps).toContainEqual({
      name: 'MEDIA',
      state: 'OK',
      problem: '',
      detail: '50 ms',
    }),
  )
})

test('a blocked microphone cannot be overlooked, and what to click is drawn for each browser', async () => {
  const { user, asked } = await renderApp('offline', { microphone: blocked })
  await user.click(await screen.findByRole('link', { name: 'What to do' }))
  const list = await screen.findByRole('list', { name: 'Steps of the check' })
  expect(within(list).getByText('The browser does not let this page use the microphone.')).toBeInTheDocument()
  for (const browser of ['Chrome', 'Edge', 'Yandex Browser', 'Firefox']) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other, as a person does
    await user.click(within(list).getByRole('radio', { name: browser }))
    expect(within(list).getByRole('img', { name: `Where to click in ${browser}` })).toBeInTheDocument()
  }
  expect(reported(asked).at(-1)?.check?.steps[0]).toMatchObject({
    name: 'PERMISSION',
    state: 'FAILED',
    problem: 'denied',
  })
})

test('whose microphone is forbidden in a call is reported at once, and again when it is back; nothing else is looked at', async () => {
  let [denied, changed] = [false, () => {}]
  const microphone: Microphone = {
    open: async () => (denied ? Promise.reject(new MicrophoneError('denied')) : fakeStream()),
    watch: (listener) => {
      changed = listener
      return () => {}
    },
  }
  let echoes = 0
  const probes = (parts: ProbeParts): ProbeParts => ({
    ...parts,
    echo: async () => {
      echoes++
      return { state: 'ok', detail: '42 ms' }
    },
  })
  const { ua, asked } = await renderApp('idle', { microphone, probes })
  expect(await screen.findByText('The phone is checked: everything works.')).toBeInTheDocument()
  act(() => void ua.invite('call1'))
  for (const state of ['FAILED', 'OK']) {
    denied = state === 'FAILED'
    act(() => changed())
    // oxlint-disable-next-line no-await-in-loop -- one after the other, as it happens
    await waitFor(() =>
      expect(reported(asked).at(-1)?.check?.steps[0]).toMatchObject({
        name: 'PERMISSION',
        state,
        problem: denied ? 'denied' : '',
      }),
    )
  }
  expect(
    reported(asked)
      .at(-1)
      ?.check?.steps.every(({ state }) => state === 'OK'),
  ).toBe(true)
  expect(echoes).toBe(1)
})

test('sound that is forbidden is asked for, and a touch of the page is enough', async () => {
  let allowed = false
  const probes = (parts: ProbeParts) => ({ ...parts, sound: { ...parts.sound, allowed: async () => allowed } })
  const { user } = await renderApp('idle', { probes })
  expect(await screen.findByText('The browser does not let the page ring.')).toBeInTheDocument()
  allowed = true
  await user.click(screen.getByRole('button', { name: 'Allow sound' }))
  await waitFor(() => expect(screen.queryByText('The browser does not let the page ring.')).not.toBeInTheDocument())
})

test('the person may say that they heard nothing', async () => {
  const { user } = await renderApp('idle', { path: '/check' })
  expect(await screen.findByText('The phone is checked: everything works.')).toBeInTheDocument()
  await user.click(screen.getByRole('button', { name: 'Play a tone' }))
  await user.click(screen.getByRole('button', { name: 'I hear nothing' }))
  expect(await screen.findByText('You did not hear the tone.')).toBeInTheDocument()
  await user.click(screen.getByRole('button', { name: 'I hear it' }))
  expect(await screen.findByText('The phone is checked: everything works.')).toBeInTheDocument()
})

test('supervisors see who can take a call, and what is wrong with whose phone; operators have no such page', async () => {
  const { user, unmount } = await renderApp('supervisor', { path: '/readiness' })
  const list = await screen.findByRole('list', { name: 'Readiness' })
  const [first] = within(list).getAllByRole('listitem')
  expect(first).toHaveTextContent('Павел Зуев')
  expect(first).toHaveTextContent('No microphone')
  expect(first).toHaveTextContent('The browser does not let this page use the microphone.')
  expect(within(list).getAllByRole('listitem').length).toBeGreaterThan(6)
  await user.click(screen.getByRole('radio', { name: 'With trouble' }))
  await waitFor(() => expect(within(list).queryByText('Лев Дуб')).not.toBeInTheDocument())
  unmount()
  await renderApp('idle', { path: '/readiness' })
  await waitFor(() => expect(window.location.pathname).toBe('/'))
})
