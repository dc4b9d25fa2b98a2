import { screen, waitFor, within } from '@testing-library/react'
import { expect, test } from 'vitest'
import { renderApp } from '@/testing/app'

const list = async () => screen.findByRole('list', { name: 'Records in the queue' }, { timeout: 3000 })
const row = async (name: RegExp) => {
  const all = within(await list()).getAllByRole('listitem')
  const found = all.find((one) => name.test(one.textContent))
  if (!found) throw new Error(`no row like ${name}`)
  return found
}
const sent = (asked: { name: string; variables: Record<string, unknown> }[], name: string) =>
  asked.filter((one) => one.name === name).map(({ variables }) => variables['input'])

test('the queue is reached from the menu, by administrators only', async () => {
  const { user } = await renderApp('admin')
  await user.click(await screen.findByRole('button', { name: /^Menu/ }))
  await user.click(await screen.findByRole('menuitem', { name: 'CRM queue' }))
  expect(await screen.findByRole('heading', { name: 'CRM queue' })).toBeInTheDocument()
})

test('a supervisor finds no queue, in the menu or by its address', async () => {
  const { user } = await renderApp('supervisor', { path: '/outbox' })
  await user.click(await screen.findByRole('button', { name: /^Menu/ }))
  expect(await screen.findByRole('menuitem', { name: 'Readiness' })).toBeInTheDocument()
  expect(screen.queryByRole('menuitem', { name: 'CRM queue' })).not.toBeInTheDocument()
  expect(screen.queryByRole('heading', { name: 'CRM queue' })).not.toBeInTheDocument()
})

test('each record says whose it is, how it is with it, and why', async () => {
  await renderApp('admin', { path: '/outbox' })
  const dead = await row(/Мария Котова/)
  expect(dead).toHaveTextContent('What the record belongs to is not there any more.')
  expect(dead).toHaveTextContent('the customer is not in the system any more')
  const waiting = await row(/Пётр Смирнов/)
  expect(waiting).toHaveTextContent(/next attempt at \d\d:\d\d/)
  expect(waiting.textContent.match(/does not answer/gu)).toHaveLength(1)
  expect(await row(/Не более трёх звонков/)).toHaveTextContent('the system refused: Не более трёх звонков в день')
  expect(await row(/Being delivered/)).toBeInTheDocument()
  const systems = await screen.findByRole('list', { name: 'Customer systems' })
  expect(within(systems).getByText(/Switched off in the configuration/)).toBeInTheDocument()
  expect(within(systems).getByText(/oldest 1 hr\. ago/)).toBeInTheDocument()
})

test('what was refused is tried again, one by one or all of a system', async () => {
  const { user, asked } = await renderApp('admin', { path: '/outbox' })
  await user.click(await screen.findByRole('button', { name: 'Try again: Мария Котова, 8 (495) 012-34-01' }))
  await waitFor(() => expect(sent(asked, 'RetryOutboxEntry')).toEqual([{ id: 'o1' }]))
  await waitFor(async () => expect(await row(/Мария Котова/)).toHaveTextContent('Waiting'))
  await user.click(screen.getByRole('button', { name: 'Try the refused again: 1С' }))
  await waitFor(() => expect(sent(asked, 'ReplayOutbox')).toEqual([{ connectorId: '1c' }]))
  await waitFor(() =>
    expect(screen.queryByRole('button', { name: 'Try the refused again: 1С' })).not.toBeInTheDocument(),
  )
})

test('a record is put right: only what was changed is sent', async () => {
  const { user, asked } = await renderApp('admin', { path: '/outbox' })
  await user.click(await screen.findByRole('button', { name: 'Correct: Мария Котова, 8 (495) 012-34-01' }))
  const dialog = await screen.findByRole('dialog', { name: 'Correct the record' })
  expect(within(dialog).getByText('Now: Мария Котова')).toBeInTheDocument()
  await user.click(within(dialog).getByRole('button', { name: 'Deliver without a customer' }))
  expect(within(dialog).getByText('Now: nobody')).toBeInTheDocument()
  await user.clear(within(dialog).getByLabelText('Comment'))
  await user.type(within(dialog).getByLabelText('Comment'), 'исправлено')
  await user.click(within(dialog).getByRole('button', { name: 'Save and try again' }))
  await waitFor(() =>
    expect(sent(asked, 'EditOutboxEntry')).toEqual([{ id: 'o1', customerId: '', comment: 'исправлено' }]),
  )
  await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument())
})

test('a number that cannot be is told beside its field', async () => {
  const { user, world } = await renderApp('admin', { path: '/outbox' })
  await user.click(await screen.findByRole('button', { name: 'Correct: Мария Котова, 8 (495) 012-34-01' }))
  const dialog = await screen.findByRole('dialog', { name: 'Correct the record' })
  world.refusal = { code: 'BAD_USER_INPUT', message: 'number: no', fields: { number: 'no' } }
  await user.type(within(dialog).getByLabelText('Number'), '1')
  await user.click(within(dialog).getByRole('button', { name: 'Save and try again' }))
  expect(await within(dialog).findByText(/This is not a number that can be called/)).toBeInTheDocument()
})

test('to discard is asked once more', async () => {
  const { user, asked } = await renderApp('admin', { path: '/outbox' })
  await user.click(await screen.findByRole('button', { name: 'Discard: number withheld' }))
  const dialog = await screen.findByRole('dialog', { name: 'Discard the record?' })
  await user.click(within(dialog).getByRole('button', { name: 'Keep it' }))
  expect(sent(asked, 'DiscardOutboxEntry')).toEqual([])
  await user.click(await screen.findByRole('button', { name: 'Discard: number withheld' }))
  await user.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Discard' }))
  await waitFor(() => expect(sent(asked, 'DiscardOutboxEntry')).toEqual([{ id: 'o2' }]))
  await waitFor(() =>
    expect(screen.queryByRole('button', { name: 'Discard: number withheld' })).not.toBeInTheDocument(),
  )
})

test('a refused action is told', async () => {
  const { user, world } = await renderApp('admin', { path: '/outbox' })
  world.refusal = { code: 'NOT_FOUND', message: 'gone' }
  await user.click(await screen.findByRole('button', { name: 'Try again: Мария Котова, 8 (495) 012-34-01' }))
  expect(await screen.findByText('This no longer exists.')).toBeInTheDocument()
})

test('what is shown can be narrowed', async () => {
  const { user } = await renderApp('admin', { path: '/outbox' })
  await list()
  await user.click(screen.getByRole('radio', { name: 'Refused' }))
  await waitFor(async () => expect(within(await list()).getAllByRole('listitem')).toHaveLength(2))
})

test('a call without a customer of the system is no trouble, and is found where one looks for it', async () => {
  const { user } = await renderApp('admin', { path: '/outbox' })
  expect(within(await list()).queryByText('No customer')).not.toBeInTheDocument()
  const systems = await screen.findByRole('list', { name: 'Customer systems' })
  expect(within(systems).getByText(/Without a customer/)).toHaveTextContent('Without a customer: 1')
  await user.click(screen.getByRole('radio', { name: 'Without a customer' }))
  expect(await row(/Not for this system until one of its customers is linked/)).toHaveTextContent('No customer')
})

test('a system in trouble says why', async () => {
  await renderApp('admin', { path: '/outbox' })
  const systems = await screen.findByRole('list', { name: 'Customer systems' })
  expect(within(systems).getByText('Last failure: the server does not answer')).toBeInTheDocument()
})

test('an empty queue says so, and one that was never switched on says how', async () => {
  await renderApp('delivered', { path: '/outbox' })
  expect(await screen.findByText('Everything is delivered.')).toBeInTheDocument()
})

test('a queue that was never switched on says how', async () => {
  await renderApp('silentcrm', { path: '/outbox' })
  expect(await screen.findByText('Nothing is written into your customer systems.')).toBeInTheDocument()
})
