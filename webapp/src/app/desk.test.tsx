import { act, screen, waitFor } from '@testing-library/react'
import { expect, test } from 'vitest'
import { renderApp } from '@/testing/app'

test('at a desk phone the page signs no phone in, and the call is answered there', async () => {
  const { ua, user, asked } = await renderApp('desk')
  expect(await screen.findByRole('button', { name: 'Phone: desk phone, registered' })).toBeInTheDocument()
  const answer = screen.getByRole('button', { name: 'Answer' })
  expect(answer).toHaveAttribute('aria-disabled', 'true')
  expect(answer).toHaveAccessibleDescription('Answer on your desk phone')
  await user.click(answer)
  await user.keyboard('{Enter}')
  expect(asked.filter(({ name }) => name === 'Answer')).toEqual([])
  expect(screen.getByRole('button', { name: 'Decline' })).toBeEnabled()
  expect(ua.done).toEqual([])
})

test('a desk phone that is not registered is told of, with what it means', async () => {
  await renderApp('deskaway')
  expect(await screen.findByRole('button', { name: 'Phone: desk phone, not registered' })).toBeInTheDocument()
  expect(await screen.findByText(/no calls come/, {}, { timeout: 4000 })).toBeInTheDocument()
})

test('the page takes the phone over when it becomes the device, and leaves it again, after the conversation', async () => {
  const { ua, world, source } = await renderApp('deskaway')
  await screen.findByRole('button', { name: 'Phone: desk phone, not registered' })
  let version = 1
  const choose = (device: string) =>
    act(async () => {
      source.cut()
      Object.assign(world.me, { device, phoneOnline: true, version: ++version })
      source.restore()
    })
  await choose('WEB')
  expect(await screen.findByRole('button', { name: 'Phone: ready' })).toBeInTheDocument()
  expect(ua.done).toContain('start')

  let session = ''
  act(() => {
    session = ua.invite('call1')
    ua.emit({ type: 'ua.accepted', session })
  })
  await choose('DESK')
  expect(await screen.findByRole('button', { name: 'Phone: ready' })).toBeInTheDocument()
  expect(ua.done).not.toContain('stop')
  act(() => ua.emit({ type: 'ua.ended', session, cause: 'Terminated', byUs: false }))
  expect(await screen.findByRole('button', { name: 'Phone: desk phone, registered' })).toBeInTheDocument()
  await waitFor(() => expect(ua.done).toContain('stop'))
})
