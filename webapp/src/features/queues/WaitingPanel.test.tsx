import { screen, waitFor, within } from '@testing-library/react'
import { expect, test } from 'vitest'
import { renderApp } from '@/testing/app'

test('a customer who was dialled once, and was given to a queue, waits in the list and can be taken', async () => {
  const { user, asked } = await renderApp('givenaway')
  const list = await screen.findByRole('list', { name: 'Waiting' })
  await waitFor(() => expect(within(list).getByText('Мария Котова')).toBeInTheDocument())
  await user.click(within(list).getByRole('button', { name: /Мария Котова/ }))
  await waitFor(() => expect(asked).toContainEqual({ name: 'TakeCall', variables: { input: { callId: 'w5' } } }))
})

test('whom a colleague is dialling now does not wait for anybody', async () => {
  await renderApp('givenaway')
  const list = await screen.findByRole('list', { name: 'Waiting' })
  await within(list).findByText('Мария Котова')
  expect(within(list).queryByText('Пётр Смирнов')).toBeNull()
})

test('beside a call that is led, a waiting customer can be taken; beside two, nobody', async () => {
  const { user, asked, unmount } = await renderApp('talking')
  const list = await screen.findByRole('list', { name: 'Waiting' })
  await user.click(await within(list).findByRole('button', { name: /Пётр Смирнов/ }))
  await waitFor(() => expect(asked).toContainEqual({ name: 'TakeCall', variables: { input: { callId: 'w1' } } }))
  unmount()
  await renderApp('two')
  const full = await screen.findByRole('list', { name: 'Waiting' })
  const take = await within(full).findByRole('button', { name: /Пётр Смирнов/ })
  expect(take).toBeDisabled()
  expect(take).toHaveAttribute('title', 'You have two calls already')
})
