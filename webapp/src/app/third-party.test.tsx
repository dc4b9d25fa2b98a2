import { screen, waitFor, within } from '@testing-library/react'
import { describe, expect, test } from 'vitest'
import { accessibilityProblems } from '@/testing/axe'
import { renderApp } from '@/testing/app'

const button = (name: string) => screen.findByRole('button', { name })
const sent = (asked: { name: string; variables: Record<string, unknown> }[], name: string) =>
  asked.filter((one) => one.name === name).map(({ variables }) => variables['input'])

describe('whom to transfer to, or to consult', () => {
  test('by keyboard: T, some letters, Enter', async () => {
    const { user, asked } = await renderApp('talking')
    await button('Transfer')
    await user.keyboard('t')
    const picker = await screen.findByRole('dialog', { name: 'Transfer to…' })
    await waitFor(() => expect(within(picker).getByRole('combobox')).toHaveFocus())
    await user.keyboard('зуев{Enter}')
    await waitFor(() => expect(sent(asked, 'Transfer')).toEqual([{ callId: 'call1', to: { operatorId: 'op3' } }]))
    // The call is theirs now, and nothing here says that something went wrong.
    expect(await button('Dial')).toBeInTheDocument()
    expect(screen.queryByRole('alert')).not.toBeInTheDocument()
  })

  test('who cannot be called is listed, with the reason; queues can be transferred to, not consulted', async () => {
    const { user, asked } = await renderApp('talking')
    await user.click(await button('Transfer'))
    const zoya = await screen.findByRole('option', { name: /Зоя Мир/ })
    expect(zoya).toHaveTextContent('offline')
    await user.click(zoya)
    expect(sent(asked, 'Transfer')).toEqual([])
    expect(screen.getByRole('option', { name: /Ольга Белова/ })).toHaveTextContent('in a call: yours will be second')
    expect(screen.getByRole('option', { name: /Продажи/ })).toHaveTextContent('1 ready · 0 waiting')
    await user.keyboard('{Escape}')
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument())
    await user.keyboard('c')
    await screen.findByRole('dialog', { name: 'Consult…' })
    expect(screen.queryByRole('option', { name: /Продажи/ })).not.toBeInTheDocument()
  })

  test('a number that is refused names the field and stays as it was typed', async () => {
    const { user, asked, world } = await renderApp('talking')
    world.refusal = { code: 'BAD_USER_INPUT', message: 'number: is too short', fields: { number: 'is too short' } }
    await user.click(await button('Consult'))
    const field = await screen.findByRole('combobox', { name: 'Name or number' })
    await user.type(field, '8 (495) 1')
    await user.keyboard('{Enter}')
    expect(await screen.findByRole('alert')).toHaveTextContent('The number: this cannot be called. Check the digits.')
    expect(screen.getAllByRole('alert')).toHaveLength(1)
    expect(field).toHaveValue('8 (495) 1')
    expect(sent(asked, 'Consult')).toEqual([{ callId: 'call1', to: { number: '8 (495) 1' } }])
    delete world.refusal
    await user.type(field, '234567{Enter}')
    expect(await button('Cancel consult')).toBeEnabled()
  })

  test('a colleague who has just become busy', async () => {
    const { user, world } = await renderApp('talking')
    world.refusal = { code: 'CONFLICT', message: 'your colleague has a call' }
    await user.click(await button('Consult'))
    await user.click(await screen.findByRole('option', { name: /Павел Зуев/ }))
    expect(await screen.findByRole('alert')).toHaveTextContent('Your colleague cannot take one more call now')
  })

  test('it is accessible', async () => {
    const { user } = await renderApp('talking')
    await user.click(await button('Transfer'))
    await screen.findByRole('option', { name: /Павел Зуев/ })
    expect(await accessibilityProblems()).toEqual([])
  })
})

describe('a consultation', () => {
  test('while it rings only cancelling is possible, and the rest says why', async () => {
    await renderApp('consultring')
    expect(await button('Cancel consult')).toBeEnabled()
    for (const name of ['Swap', 'Merge', 'Complete']) {
      expect(screen.getByRole('button', { name })).toHaveAccessibleDescription('Nobody has answered yet')
    }
    for (const name of ['Transfer', 'Consult', 'Park', 'Hold']) {
      expect(screen.getByRole('button', { name })).toHaveAccessibleDescription('There is a consultation already')
    }
    const parties = screen.getByRole('list', { name: 'Who is in the call' })
    expect(parties).toHaveTextContent('Мария Котова')
    expect(parties).toHaveTextContent('hears music')
    expect(parties).toHaveTextContent('ringing')
  })

  test('by keys: swap, merge, complete', async () => {
    const { user, asked } = await renderApp('consulting')
    const [customer, guest] = within(await screen.findByRole('list', { name: 'Who is in the call' })).getAllByRole(
      'listitem',
    )
    expect(guest).toHaveTextContent('with you')
    await user.keyboard('s')
    await waitFor(() => expect(customer).toHaveTextContent('with you'))
    expect(guest).toHaveTextContent('hears music')
    await user.keyboard('g')
    expect(await screen.findByText('Conference', { selector: '[aria-live]' })).toBeInTheDocument()
    await user.keyboard('t')
    expect(await button('Dial')).toBeInTheDocument()
    expect(sent(asked, 'SwapConsult')).toHaveLength(1)
    expect(sent(asked, 'MergeConsult')).toHaveLength(1)
    expect(sent(asked, 'CompleteConsult')).toHaveLength(1)
  })

  test('what is written is saved before the call is given away', async () => {
    const { user, asked } = await renderApp('consulting')
    await user.type(await screen.findByRole('textbox', { name: 'Comment' }), 'Ждёт счёт')
    await user.click(await button('Complete'))
    await button('Dial')
    const names = asked.map(({ name }) => name)
    expect(names.indexOf('WrapUp')).toBeGreaterThan(-1)
    expect(names.indexOf('WrapUp')).toBeLessThan(names.indexOf('CompleteConsult'))
    expect(sent(asked, 'WrapUp')[0]).toMatchObject({ comment: 'Ждёт счёт' })
  })

  test('in a conference each can be muted, and the guest dropped', async () => {
    const { user, asked } = await renderApp('conference')
    await user.click(await button('Mute Мария Котова'))
    expect(await button('Unmute Мария Котова')).toBeInTheDocument()
    expect(screen.queryByRole('button', { name: 'Drop Мария Котова' })).not.toBeInTheDocument()
    await user.click(await button('Drop Павел Зуев'))
    await waitFor(() => expect(screen.queryByRole('button', { name: 'Cancel consult' })).not.toBeInTheDocument())
    expect(sent(asked, 'MuteParty')).toEqual([{ callId: 'call1', legId: 'leg-customer', muted: true }])
    expect(sent(asked, 'DropParty')).toEqual([{ callId: 'call1', legId: 'leg-guest' }])
    expect(await button('Transfer')).toBeEnabled()
  })

  test('nobody came: the customer is on hold, and it is said why', async () => {
    await renderApp('declined')
    expect(await screen.findByText('The consultation was declined. The customer is on hold.')).toBeInTheDocument()
    expect(await button('Resume')).toBeEnabled()
  })

  test.each(['consulting', 'conference', 'asked', 'consulted', 'parked'])('%s is accessible', async (scenario) => {
    await renderApp(scenario)
    await screen.findAllByRole('status')
    await waitFor(() => expect(document.querySelector('main h2')).not.toBeNull())
    expect(await accessibilityProblems()).toEqual([])
  })
})

describe('the colleague who is consulted', () => {
  test('the card and who asks; answer, decline, and nothing else', async () => {
    await renderApp('asked')
    expect(await button('Answer')).toBeEnabled()
    expect(screen.getByRole('button', { name: 'Decline' })).toBeEnabled()
    expect(screen.getByText('consultation from Ольга Белова')).toBeInTheDocument()
    expect(
      within(screen.getByRole('region', { name: 'Customer' })).getByRole('heading', { level: 3 }),
    ).toHaveTextContent('Мария Котова')
    for (const name of ['Mute', 'Hold', 'Transfer', 'Consult', 'Park']) {
      expect(screen.getByRole('button', { name })).toHaveAttribute('aria-disabled', 'true')
    }
    await waitFor(() => expect(document.title).toMatch(/Consultation: Ольга Белова|Pult/u))
  })

  test('talks, may mute and hang up; the notes are the colleague’s', async () => {
    await renderApp('consulted')
    expect(await button('Hang up')).toBeEnabled()
    expect(screen.getByRole('button', { name: 'Mute' })).toBeEnabled()
    expect(screen.getByRole('button', { name: 'Hold' })).toHaveAccessibleDescription(/your colleague’s/u)
    expect(screen.queryByRole('button', { name: 'Complete' })).not.toBeInTheDocument()
    expect(screen.queryByRole('textbox', { name: 'Comment' })).not.toBeInTheDocument()
  })
})

describe('parked calls', () => {
  test('anybody picks them up: who parked them and when they return', async () => {
    const { user, asked } = await renderApp('parked')
    const list = await screen.findByRole('list', { name: 'Parked' })
    const [first] = within(list).getAllByRole('listitem')
    expect(first).toHaveTextContent(/by Ольга Белова, 0:[345]\d/u)
    expect(first).toHaveTextContent(/returns in 1:[12]\d/u)
    await user.click(within(first as HTMLElement).getByRole('button', { name: 'Pick up' }))
    await waitFor(() => expect(sent(asked, 'TakeCall')).toEqual([{ callId: 'k1' }]))
    // They do not wait in the line as well.
    expect(within(screen.getByRole('list', { name: 'Waiting' })).getAllByRole('listitem')).toHaveLength(3)
  })

  test('a colleague whose voice was lost in a call was shown as talking', async () => {
    await renderApp('lostvoice')
    const team = await screen.findByRole('list', { name: 'Team' })
    const olga = within(team).getByText('Ольга Белова').closest('li') as HTMLElement
    expect(await within(olga).findByRole('img', { name: 'Restoring the call' })).toBeInTheDocument()
    expect(within(olga).queryByRole('img', { name: 'Talking' })).toBeNull()
  })

  test('colleagues in a conference are shown so', async () => {
    await renderApp('parked')
    const team = await screen.findByRole('list', { name: 'Team' })
    const olga = within(team).getByText('Ольга Белова').closest('li') as HTMLElement
    expect(within(olga).getByRole('img', { name: 'Conference' })).toBeInTheDocument()
  })

  test('parking', async () => {
    const { user, asked } = await renderApp('talking')
    await button('Park')
    await user.keyboard('b')
    expect(await button('Dial')).toBeInTheDocument()
    expect(sent(asked, 'ParkCall')).toEqual([{ callId: 'call1' }])
  })
})

test('what is pasted into the keypad is sent, cleaned', async () => {
  const { user, asked } = await renderApp('talking')
  await button('Keypad')
  await user.keyboard('k')
  await button('5')
  await user.paste('4276 3800-1234 #')
  await waitFor(() => expect(sent(asked, 'SendDigits')).toEqual([{ callId: 'call1', digits: '427638001234#' }]))
  expect(screen.getByLabelText('Digits sent')).toHaveTextContent('427638001234#')
  await user.paste('nothing')
  expect(await screen.findByText('No digits in what was pasted')).toBeInTheDocument()
})
