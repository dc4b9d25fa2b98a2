import { MantineProvider } from '@mantine/core'
import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, test, vi } from 'vitest'
import { startTranslations } from '@/lib/i18n'
import { Boundary } from './Boundary'

test('a part that fails leaves the others alone, and may be tried again', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {}) // React reports what it caught
  await startTranslations('en')
  let broken = true
  function Part() {
    if (broken) throw new Error('defect')
    return <p>part</p>
  }
  render(
    <MantineProvider>
      <Boundary>
        <Part />
      </Boundary>
      <p>phone</p>
    </MantineProvider>,
  )
  expect(screen.getByRole('alert')).toHaveTextContent('This part of the page has failed')
  expect(screen.getByText('phone')).toBeInTheDocument()
  broken = false
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }))
  expect(screen.getByText('part')).toBeInTheDocument()
})
