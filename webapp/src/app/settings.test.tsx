import { screen, waitFor } from '@testing-library/react'
import { expect, test } from 'vitest'
import { renderApp } from '@/testing/app'

test('what is chosen in the settings shows as chosen, and is kept on the server', async () => {
  const { user, asked } = await renderApp('idle', { path: '/settings' })
  await user.click(await screen.findByLabelText('Dark'))
  await waitFor(() => expect(asked).toContainEqual({ name: 'SetPreferences', variables: { input: { theme: 'dark' } } }))
  await waitFor(() => expect(screen.getByLabelText('Dark')).toBeChecked())
  await user.click(screen.getByLabelText('Русский'))
  await waitFor(() => expect(screen.getByLabelText('Русский')).toBeChecked())
  expect(await screen.findByRole('heading', { name: 'Настройки' })).toBeInTheDocument()
})
