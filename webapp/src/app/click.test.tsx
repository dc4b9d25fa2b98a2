import { act, fireEvent, screen, waitFor } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { renderApp } from '@/testing/app'

const dials = (asked: readonly { name: string; variables: Record<string, unknown> }[]) =>
  asked.filter(({ name }) => name === 'Dial').map(({ variables }) => variables)

function locksHold(...names: string[]) {
  vi.stubGlobal(
    'navigator',
    new Proxy(navigator, { get: (own, key) => (key === 'locks' ? locks : Reflect.get(own, key, own)) }),
  )
  const locks = { query: async () => ({ held: names.map((name) => ({ name })) }), request: async () => {} }
}

afterEach(() => vi.unstubAllGlobals())

test('a number clicked elsewhere is shown, and dialled when the operator says so', async () => {
  const { user, asked } = await renderApp('idle', { path: '/call?number=tel%3A%2B7%20495%20123-45-67' })
  expect(await screen.findByRole('heading', { name: 'Call this number?' })).toBeInTheDocument()
  expect(screen.getByText('+74951234567')).toBeInTheDocument()
  const dial = screen.getByRole('button', { name: 'Dial' })
  await waitFor(() => expect(dial).toBeEnabled())
  expect(dials(asked)).toEqual([])
  await user.click(dial)
  await waitFor(() => expect(window.location.pathname).toBe('/'))
  expect(dials(asked)).toEqual([{ input: { number: '+74951234567', customerId: null } }])
})

test('a link dials nothing by itself, nor by the second click of a double click that began on a foreign page', async () => {
  const { asked } = await renderApp('idle', { path: '/call?number=%2B74951234567' })
  const dial = await screen.findByRole('button', { name: 'Dial' })
  expect(dial).toBeDisabled()
  fireEvent.click(dial)
  await waitFor(() => expect(dial).toBeEnabled())
  // It comes to the front again: the same holds.
  act(() => {
    window.dispatchEvent(new Event('blur'))
    window.dispatchEvent(new Event('focus'))
  })
  expect(dial).toBeDisabled()
  fireEvent.click(dial)
  expect(dial).not.toHaveFocus()
  expect(dials(asked)).toEqual([])
})

test('a link with a code that diverts the line is refused', async () => {
  const { asked } = await renderApp('idle', { path: '/call?number=*72%2B74951234567' })
  expect(await screen.findByRole('alert')).toHaveTextContent('The link has no number that can be called.')
  expect(screen.queryByRole('button', { name: 'Dial' })).toBeNull()
  expect(dials(asked)).toEqual([])
})

test('the call of a clicked number is shown by the workspace that is open in another tab', async () => {
  const { user, asked, world } = await renderApp('idle', { path: '/call?number=%2B74951234567' })
  locksHold(`pult-workspace-${String(world.me['id'])}`)
  const close = vi.spyOn(window, 'close').mockImplementation(() => {})
  const dial = await screen.findByRole('button', { name: 'Dial' })
  await waitFor(() => expect(dial).toBeEnabled())
  await user.click(dial)
  expect(await screen.findByText(/open in another tab/u)).toHaveAttribute('role', 'status')
  expect(dials(asked)).toHaveLength(1)
  expect(close).toHaveBeenCalledOnce()
  expect(window.location.pathname).toBe('/call')
  await user.click(screen.getByRole('link', { name: 'Show the call here' }))
  await waitFor(() => expect(window.location.pathname).toBe('/'))
})

test('a clicked number that the server refuses stays, with the reason', async () => {
  const { user, world } = await renderApp('idle', { path: '/call?number=%2B74951234567' })
  const dial = await screen.findByRole('button', { name: 'Dial' })
  await waitFor(() => expect(dial).toBeEnabled())
  world.refusal = { code: 'INVALID', message: 'gone' }
  await user.click(dial)
  expect(await screen.findByRole('alert')).not.toBeEmptyDOMElement()
  expect(screen.getByText('+74951234567')).toBeInTheDocument()
})

test('in a conversation a clicked number is called beside it when the operator says so', async () => {
  const { user, asked } = await renderApp('talking', { path: '/call?number=%2B74951234567' })
  const dial = await screen.findByRole('button', { name: 'Dial' })
  await waitFor(() => expect(dial).toBeEnabled())
  expect(dials(asked)).toEqual([])
  await user.click(dial)
  await waitFor(() => expect(dials(asked)).toHaveLength(1))
})

test('where nobody could be called a clicked number waits, with the reason', async () => {
  await renderApp('two', { path: '/call?number=%2B74951234567' })
  expect(await screen.findByText('You have two calls already')).toBeVisible()
  expect(screen.getByRole('button', { name: 'Dial' })).toBeDisabled()
})

test('the settings offer to open telephone links here', async () => {
  const registered: string[][] = []
  Object.assign(navigator, { registerProtocolHandler: (...given: string[]) => registered.push(given) })
  const { user } = await renderApp('idle', { path: '/settings' })
  await user.click(await screen.findByRole('button', { name: 'Open here' }))
  expect(registered).toEqual([['tel', `${window.location.origin}/call?number=%s`]])
  expect(await screen.findByText(/Agree where the browser asks/u)).toBeInTheDocument()
})
