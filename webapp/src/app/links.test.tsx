import { screen, waitFor, within } from '@testing-library/react'
import { expect, test } from 'vitest'
import { renderApp } from '@/testing/app'

async function desk() {
  const view = await renderApp('supervisor', { path: '/links' })
  const work = within(await screen.findByRole('region', { name: 'Numbers without a customer' }))
  return { ...view, work }
}

test('how many calls are linked: in all, by queue and by week', async () => {
  const { user } = await desk()
  const rate = within(await screen.findByRole('region', { name: 'Linked calls' }))
  expect(rate.getByText(/\d+%/u, { selector: 'p' })).toBeInTheDocument()
  expect(rate.getByRole('img', { name: /from 40% to 95%/u })).toBeInTheDocument()
  const rows = rate.getAllByRole('row').map((row) => row.textContent)
  expect(rows.map((row) => /^[A-Za-zА-я ]+/u.exec(row ?? '')?.[0])).toEqual([
    'Queue',
    'Поддержка',
    'Продажи',
    'No queue',
    'Total',
  ])
  expect(rate.getByRole('columnheader', { name: 'week of 23 Nov' })).toBeInTheDocument()
  const before = rate.getByText(/of [\d,]+ calls with a known number/u).textContent
  await user.click(rate.getByRole('radio', { name: '12 weeks' }))
  expect(rate.getByText(/of [\d,]+ calls with a known number/u).textContent).not.toBe(before)
})

test('the copies of the customer systems: how much, how old, what is wrong', async () => {
  await desk()
  const copies = await screen.findByRole('list', { name: 'Background copy' })
  expect(copies).toHaveTextContent(/copy of 1С: 48,213 numbers · read 2 h.* ago · being read now/u)
  expect(copies).toHaveTextContent(
    'Background copy of Битрикс24: 0 numbers · not read to the end yet · cannot be read: the user name, password or token was refused',
  )
})

test('a number is linked to whoever the search finds, and back', async () => {
  const { user, asked, work } = await desk()
  await user.click(await work.findByRole('button', { name: 'Find customer of +7 495 555-01-99' }))
  const dialog = within(await screen.findByRole('dialog'))
  await user.type(dialog.getByRole('textbox'), 'Котова')
  await user.click(await dialog.findByRole('button', { name: /Мария Котова/u }))
  expect(await work.findByText(/This is Мария Котова now\. 9 past calls linked\./u)).toBeInTheDocument()
  expect(asked).toContainEqual({
    name: 'LinkNumber',
    variables: { input: { number: '+74955550199', customerId: 'c1' } },
  })
  await user.click(work.getByRole('button', { name: 'Undo' }))
  expect(await work.findByText('Undone: the number is nobody’s again.')).toBeInTheDocument()
  expect(asked).toContainEqual({
    name: 'UnlinkNumber',
    variables: { input: { number: '+74955550199', customerId: 'c1' } },
  })
})

test('who may have the number is offered with one click', async () => {
  const { user, work } = await desk()
  await user.click(await work.findByRole('button', { name: 'Find customer of +7 903 555-01-01' }))
  const dialog = within(await screen.findByRole('dialog'))
  await user.click(await dialog.findByRole('button', { name: 'Choose Пётр Смирнов' }))
  expect(await work.findByText(/This is Пётр Смирнов now\. 14 past calls linked\./u)).toBeInTheDocument()
})

test('a refused link says why, and the number stays in the list', async () => {
  const { user, world, work } = await desk()
  await user.click(await work.findByRole('button', { name: 'Find customer of +7 903 555-01-01' }))
  world.refusal = { code: 'NOT_FOUND', message: 'gone' }
  await user.click(await screen.findByRole('button', { name: 'Choose Пётр Смирнов' }))
  expect(await work.findByRole('alert')).not.toBeEmptyDOMElement()
  expect(work.getByRole('button', { name: 'Find customer of +7 903 555-01-01' })).toBeEnabled()
})

test('the list of a queue', async () => {
  const { user, asked, work } = await desk()
  await work.findByText('+7 903 555-01-01')
  await user.selectOptions(work.getByRole('combobox', { name: 'Queue' }), 'Продажи')
  await waitFor(() => expect(work.queryByText('+7 903 555-01-01')).toBeNull())
  expect(work.getByText('+7 495 555-01-99')).toBeInTheDocument()
  await user.click(work.getByRole('radio', { name: 'Latest first' }))
  await waitFor(() =>
    expect(asked.at(-1)).toMatchObject({
      name: 'UnlinkedCalls',
      variables: { filter: { order: 'RECENT', queueId: 'q2' } },
    }),
  )
})

test('a customer is created from the list', async () => {
  const { user, asked, work } = await desk()
  await user.click(await work.findByRole('button', { name: 'Create a customer with +7 903 555-01-01' }))
  const dialog = within(await screen.findByRole('dialog'))
  expect(dialog.getByRole('textbox', { name: 'Phone' })).toHaveValue('+7 903 555-01-01')
  await user.type(dialog.getByRole('textbox', { name: 'Name' }), 'Иван Новый')
  await user.click(dialog.getByRole('button', { name: 'Create' }))
  expect(await work.findByText(/This is Иван Новый now\. 14 past calls linked\./u)).toBeInTheDocument()
  expect(asked.findLast(({ name }) => name === 'CreateCustomer')?.variables).toMatchObject({
    input: {
      systemId: 'b24',
      kind: 'PERSON',
      name: 'Иван Новый',
      number: '+7 903 555-01-01',
      callId: null,
      confirmed: false,
    },
  })
})

test('nothing to do is said, and operators have no desk', async () => {
  const { unmount } = await renderApp('nocalls', { path: '/links' })
  expect(await screen.findByText('No number is without a customer.')).toBeInTheDocument()
  expect(screen.getByText(/There have been no calls yet/u)).toBeInTheDocument()
  unmount()
  await renderApp('idle', { path: '/links' })
  expect(await screen.findByRole('region', { name: 'Current call' })).toBeInTheDocument()
  expect(screen.queryByRole('heading', { name: 'Linked calls' })).toBeNull()
})
