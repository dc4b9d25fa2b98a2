import { screen, within } from '@testing-library/react'
import { expect, test } from 'vitest'
import { renderApp } from '@/testing/app'

async function card() {
  return within(await screen.findByRole('region', { name: 'Customer' }))
}

test('found: name, company, numbers to dial, who answers for them, a link, and why it is this one', async () => {
  await renderApp('talking')
  const customer = await card()
  expect(customer.getByRole('heading', { name: 'Мария Котова' })).toBeInTheDocument()
  expect(customer.getByText('ООО «Василёк»')).toBeInTheDocument()
  expect(customer.getByText('Игорь Орлов')).toBeInTheDocument()
  expect(customer.getByRole('link', { name: /Open in 1С/ })).toHaveAttribute('rel', 'noreferrer')
  expect(customer.getByText(/exact number/)).toHaveTextContent(/1С · exact number · as of \d+ min/)
  // Beside the call another number can be dialled.
  expect(customer.getByRole('button', { name: 'Call +7 495 123-45-67 доб. 12' })).not.toHaveAttribute('aria-disabled')
})

test('a number of the card is dialled when nobody is on the line', async () => {
  const { user, asked } = await renderApp('idle', { path: '/?customer=c1' })
  const customer = await card()
  await screen.findByRole('button', { name: 'Phone: ready' })
  await user.click(await customer.findByRole('button', { name: 'Call +7 495 123-45-67 доб. 12' }))
  expect(asked).toContainEqual({ name: 'Dial', variables: { input: { number: '+74951234567', customerId: 'c1' } } })
})

test('asking: the number is there at once, the rest is kept room for', async () => {
  await renderApp('pending')
  const customer = await card()
  expect(customer.getByRole('heading', { name: '+7 916 123-45-67' })).toBeInTheDocument()
  expect(customer.getByText('Asking 1С…')).toBeInTheDocument()
  expect(screen.getByRole('button', { name: 'Answer' })).toBeEnabled()
})

test('indexed: from where, how old, why, and where else the same customer is', async () => {
  await renderApp('indexed')
  const customer = await card()
  expect(customer.getByText(/exact number/)).toHaveTextContent(
    /1С · exact number · the last talk was with them · something is unfinished · background copy, as of 2 h/,
  )
  const elsewhere = customer.getByText('The same customer in:').parentElement
  expect(elsewhere).toHaveTextContent(/Битрикс24.*Odoo/)
  expect(customer.getByRole('link', { name: 'Битрикс24' })).toHaveAttribute('rel', 'noreferrer')
  expect(customer.queryByRole('link', { name: 'Odoo' })).toBeNull()
})

test('several: why each is offered, and who was refused', async () => {
  await renderApp('many')
  const customer = await card()
  const of = (name: string) => customer.getByRole('button', { name: `Choose ${name}` }).closest('li')
  expect(of('Мария Котова')).toHaveTextContent(/1С · exact number · the last talk was with them/)
  expect(of('ООО «Северный ветер — торговый дом»')).toHaveTextContent('Ольга Ларина said that the number is not theirs')
  expect(of('Пётр Смирнов')).toHaveTextContent('same last digits')
})

test('several: choosing one makes it the card', async () => {
  const { user } = await renderApp('many')
  const customer = await card()
  expect(customer.getByText('3 customers have this number. Who is it?')).toBeInTheDocument()
  await user.click(customer.getByRole('button', { name: 'Choose Пётр Смирнов' }))
  expect(await customer.findByRole('heading', { name: 'Пётр Смирнов' })).toBeInTheDocument()
  expect(customer.getByText(/chosen by Алексей Иванов/)).toBeInTheDocument()
})

test('none: the customer can be found and remembered', async () => {
  const { user } = await renderApp('none')
  const customer = await card()
  await user.click(customer.getByRole('button', { name: 'Find and remember' }))
  const dialog = within(await screen.findByRole('dialog'))
  expect(dialog.getByText('The choice is remembered for +7 916 123-45-67.')).toBeInTheDocument()
  await user.type(dialog.getByRole('textbox'), 'Котова')
  await user.click(await dialog.findByRole('button', { name: /Мария Котова/ }))
  expect(await customer.findByRole('heading', { name: 'Мария Котова' })).toBeInTheDocument()
})

test('silent: since when, what is known from before, and asking again', async () => {
  const { user, asked } = await renderApp('failed')
  const customer = await card()
  expect(customer.getByText('1С does not answer')).toBeInTheDocument()
  expect(customer.getByText(/^Since \d\d:\d\d\. The call goes on/)).toBeInTheDocument()
  expect(customer.getByText('Пётр Смирнов')).toBeInTheDocument()
  await user.click(customer.getByRole('button', { name: 'Ask again' }))
  expect(asked).toContainEqual({ name: 'RetryMatch', variables: { input: { callId: 'call1' } } })
})

test('silent, but known: the card stands and says how old it is', async () => {
  await renderApp('failedknown')
  const customer = await card()
  expect(customer.getByRole('heading', { name: 'Мария Котова' })).toBeInTheDocument()
  expect(customer.getByText(/1С has not answered since \d\d:\d\d/)).toBeInTheDocument()
})

test('withheld and internal numbers', async () => {
  const { unmount } = await renderApp('anonymous')
  expect((await card()).getByRole('heading', { name: 'Number withheld' })).toBeInTheDocument()
  unmount()
  await renderApp('internal')
  const customer = await card()
  expect(customer.getByRole('heading', { name: 'Склад, Николай' })).toBeInTheDocument()
  expect(customer.getByText('Colleague, extension 204')).toBeInTheDocument()
})
