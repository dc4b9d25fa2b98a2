import { screen, waitFor, within } from '@testing-library/react'
import { expect, test } from 'vitest'
import { renderApp } from '@/testing/app'

const card = async () => within(await screen.findByRole('region', { name: 'Customer' }))

test('a caller whom nobody knows is created with what is known, and shown', async () => {
  const { user, asked } = await renderApp('create')
  await user.click(await (await card()).findByRole('button', { name: 'Create customer' }))
  const dialog = within(await screen.findByRole('dialog'))
  expect(dialog.getByRole('textbox', { name: 'Phone' })).toHaveValue('+7 916 123-45-67')
  expect(dialog.getByRole('textbox', { name: 'Name' })).toHaveValue('Склад')
  await user.selectOptions(dialog.getByRole('combobox', { name: 'Where' }), 'amoCRM')
  await user.click(dialog.getByRole('button', { name: 'Create' }))
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  expect(asked.findLast(({ name }) => name === 'CreateCustomer')?.variables).toMatchObject({
    input: { systemId: 'amo', name: 'Склад', number: '+7 916 123-45-67', callId: 'call1', confirmed: false },
  })
})

test('who may be the same is shown first; one is taken', async () => {
  const { user } = await renderApp('create')
  const customer = await card()
  await user.click(await customer.findByRole('button', { name: 'Create customer' }))
  const dialog = within(await screen.findByRole('dialog'))
  await user.clear(dialog.getByRole('textbox', { name: 'Name' }))
  await user.type(dialog.getByRole('textbox', { name: 'Name' }), 'Мария Котова')
  await user.click(dialog.getByRole('button', { name: 'Create' }))
  expect(
    await dialog.findByText('The customer may exist already. Choose them or create a new one.'),
  ).toBeInTheDocument()
  expect(dialog.getByText(/same number · similar name/u)).toBeInTheDocument()
  await user.click(dialog.getByRole('button', { name: 'Change' }))
  expect(dialog.getByRole('textbox', { name: 'Name' })).toHaveValue('Мария Котова')
  await user.click(dialog.getByRole('button', { name: 'Create' }))
  await user.click(await dialog.findByRole('button', { name: 'Choose Мария Котова' }))
  expect(await customer.findByRole('heading', { name: 'Мария Котова' })).toBeInTheDocument()
})

test('whoever is created anyway is wished once: the key stays', async () => {
  const { user, asked } = await renderApp('create')
  await user.click(await (await card()).findByRole('button', { name: 'Create customer' }))
  const dialog = within(await screen.findByRole('dialog'))
  await user.clear(dialog.getByRole('textbox', { name: 'Name' }))
  await user.type(dialog.getByRole('textbox', { name: 'Name' }), 'Мария Новая')
  await user.click(dialog.getByRole('button', { name: 'Create' }))
  await user.click(await dialog.findByRole('button', { name: 'Create anyway' }))
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  const wishes = asked
    .filter(({ name }) => name === 'CreateCustomer')
    .map(({ variables }) => variables['input'] as { key: string; confirmed: boolean })
  expect(wishes.map(({ confirmed }) => confirmed)).toEqual([false, true])
  expect(new Set(wishes.map(({ key }) => key)).size).toBe(1)
})

test('the field that cannot stay is marked, and what was typed stays', async () => {
  const { user, world } = await renderApp('create')
  await user.click(await (await card()).findByRole('button', { name: 'Create customer' }))
  const dialog = within(await screen.findByRole('dialog'))
  await user.type(dialog.getByRole('textbox', { name: 'Mail' }), 'nonsense')
  world.refusal = { code: 'BAD_USER_INPUT', message: 'wrong', fields: { email: 'is no address' } }
  await user.click(dialog.getByRole('button', { name: 'Create' }))
  expect(await dialog.findByText('This is no address of mail.')).toBeInTheDocument()
  expect(dialog.getByRole('textbox', { name: 'Mail' })).toHaveValue('nonsense')
  world.refusal = { code: 'UNAVAILABLE', message: '' }
  await user.click(dialog.getByRole('button', { name: 'Create' }))
  expect(await dialog.findByRole('alert')).toHaveTextContent('1С: the system does not answer')
})

test('where no system takes customers there is no button', async () => {
  await renderApp('none')
  const customer = await card()
  expect(await customer.findByRole('button', { name: 'Find and remember' })).toBeInTheDocument()
  await waitFor(() => expect(customer.queryByRole('button', { name: 'Create customer' })).toBeNull())
})

test('a wrong link is taken back, and that is undone', async () => {
  const { user, asked } = await renderApp('talking')
  const customer = await card()
  await user.click(await customer.findByRole('button', { name: 'Someone else? Change' }))
  const dialog = within(await screen.findByRole('dialog'))
  await user.click(await dialog.findByRole('button', { name: 'Not this customer: unlink Мария Котова' }))
  expect(await dialog.findByText(/No longer linked: Мария Котова/u)).toBeInTheDocument()
  expect(await customer.findByText('Nobody has this number')).toBeInTheDocument()
  await user.click(dialog.getByRole('button', { name: 'Undo' }))
  expect(await customer.findByRole('heading', { name: 'Мария Котова' })).toBeInTheDocument()
  expect(asked.filter(({ name }) => /linkCustomer/iu.test(name)).map(({ name }) => name)).toEqual([
    'UnlinkCustomer',
    'LinkCustomer',
  ])
})

test('deals and letters of the customer come after the card', async () => {
  await renderApp('business')
  const deals = within(await screen.findByRole('region', { name: 'Deals, tickets, orders' }))
  expect(deals.getByRole('link', { name: 'Open: Продление договора на 2027 год' })).toHaveAttribute('rel', 'noreferrer')
  expect(deals.getByText(/Согласование · 120 000 ₽ · Игорь Орлов/u)).toHaveTextContent(/^open/u)
  expect(deals.getAllByText('Ticket')).toHaveLength(1)
  const letters = within(await screen.findByRole('region', { name: 'In 1С' }))
  expect(letters.getByText(/Счёт получили/u)).toBeInTheDocument()
})

test('nothing to tell is not shown', async () => {
  const { asked } = await renderApp('talking')
  await waitFor(() => expect(asked.map(({ name }) => name)).toContain('Related'))
  await waitFor(() => expect(screen.queryByRole('region', { name: 'Deals, tickets, orders' })).toBeNull())
})

test('a system that does not answer is said so, and asked again', async () => {
  const { user, asked } = await renderApp('businesssilent')
  const deals = within(await screen.findByRole('region', { name: 'Deals, tickets, orders' }))
  expect(await deals.findByText('1С does not answer')).toBeInTheDocument()
  const before = asked.filter(({ name }) => name === 'Related').length
  await user.click(deals.getByRole('button', { name: 'Try again' }))
  await waitFor(() => expect(asked.filter(({ name }) => name === 'Related').length).toBe(before + 1))
})

test('while it rings the customer system is not asked for more than who it is', async () => {
  const { asked } = await renderApp('offer')
  expect(await (await card()).findByRole('heading', { name: 'Мария Котова' })).toBeInTheDocument()
  expect(asked.map(({ name }) => name)).not.toContain('Related')
})
