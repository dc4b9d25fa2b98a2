import { agree } from '../support/agree.ts'
import { colleagueTone, customerTone, musicTone, operatorTone, outsideTone, type Customer, type Stand } from '../support/stand.ts'
import { expect, test } from '../support/test.ts'
import type { Workspace } from '../support/workspace.ts'

// Each party says a tone of its own: who hears whom is heard, not read off the page.

// Two browser processes, and often a third page: the machine may be slow.
test.describe.configure({ timeout: 120_000 })

type Operator = (login: string, options?: { voice?: number }) => Promise<Workspace>

/** Within this time a page shows what Asterisk does. */
const soon = 2000

/** Anna talks with a customer; Boris is ready. */
async function talk(stand: Stand, operator: Operator): Promise<{ anna: Workspace; boris: Workspace; customer: Customer; name: string }> {
  const [anna, boris] = await Promise.all([
    operator('anna', { voice: operatorTone }),
    operator('boris', { voice: colleagueTone }),
  ])
  await anna.startWork()
  const caller = stand.caller('exact')
  const customer = await stand.call({ from: caller.number })
  await anna.rings(20_000)
  await anna.answer()
  await boris.startWork()
  await customer.hears(operatorTone)
  await anna.hearsOnly([customerTone])
  return { anna, boris, customer, name: caller.name }
}

/** Anna asks Boris, who answers. */
async function consult(anna: Workspace, boris: Workspace): Promise<void> {
  await anna.pick('consult', 'boris')
  await boris.rings()
  await boris.answer()
  await anna.hearsOnly([colleagueTone])
}

/** Waits until Asterisk has these conversations, by how many are in each. */
async function conversations(stand: Stand, ...sizes: number[]): Promise<void> {
  await expect.poll(() => stand.conversations(), { message: 'conversations in Asterisk', timeout: soon }).toEqual(sizes)
}

test('a consultation: asked, swapped, merged, handed over; who hears whom, and every page says so', async ({ stand, operator }) => {
  const vera = await operator('vera')
  await vera.signIn()
  const { anna, boris, customer, name } = await talk(stand, operator)
  await anna.comment.fill('wants the invoice again')

  // While it rings the customer hears music and nothing of the operator; the colleague has the card.
  await anna.pick('consult', 'boris')
  await boris.rings()
  await customer.hearsMusic()
  await expect(boris.call).toContainText('consultation from Anna Sokolova')
  await expect(boris.customer.getByRole('heading', { name })).toBeVisible()
  await expect(anna.party('Boris')).toContainText('ringing')
  await expect(anna.party(name)).toContainText('hears music')
  await expect(anna.button('call.complete')).toHaveAttribute('aria-disabled', 'true')
  await vera.sees('Anna Sokolova', 'stage.consulting')

  await boris.answer()
  await anna.hearsOnly([colleagueTone])
  await boris.hearsOnly([operatorTone])
  await customer.hearsMusic()
  await conversations(stand, 2)
  await expect(anna.party('Boris')).toContainText('with you', { timeout: soon })
  await expect(boris.party('Anna')).toContainText('with you', { timeout: soon })
  await vera.sees('Boris Levin', 'stage.consulting')
  // Of the call the colleague has their own part only.
  for (const key of ['call.hold', 'call.transfer', 'call.park']) await expect(boris.button(key)).toHaveAttribute('aria-disabled', 'true')
  await boris.button('call.mute').click()
  await anna.hearsOnly([])
  await boris.button('call.unmute').click()
  await anna.hearsOnly([colleagueTone])

  // Swapped: the colleague hears music.
  await anna.button('call.swap').click()
  await expect(anna.party(name)).toContainText('with you', { timeout: soon })
  await customer.hears(operatorTone)
  await anna.hearsOnly([customerTone])
  await boris.hearsOnly([musicTone])
  await conversations(stand, 2)
  await anna.page.keyboard.press('s')
  await expect(anna.party('Boris')).toContainText('with you', { timeout: soon })
  await customer.hearsMusic()
  await boris.hearsOnly([operatorTone])

  // Merged: each hears both others.
  await anna.button('call.merge').click()
  await expect(anna.party(name)).toContainText('in the conference', { timeout: soon })
  await vera.sees('Anna Sokolova', 'stage.conference')
  await vera.sees('Boris Levin', 'stage.conference')
  await conversations(stand, 3)
  await customer.hearsOnly([operatorTone, colleagueTone])
  await anna.hearsOnly([colleagueTone, customerTone])
  await boris.hearsOnly([operatorTone, customerTone])
  await anna.page.getByRole('button', { name: `Mute ${name}`, exact: true }).click()
  await boris.hearsOnly([operatorTone])
  await anna.hearsOnly([colleagueTone])
  await anna.page.getByRole('button', { name: `Unmute ${name}`, exact: true }).click()
  await boris.hearsOnly([operatorTone, customerTone])

  // Handed over: the colleague has the call with its notes, the first operator is free.
  await anna.button('call.complete').click()
  await anna.is('READY', soon)
  await expect(anna.button('call.dial')).toBeVisible({ timeout: soon })
  await expect(anna.page.getByRole('alert')).toHaveCount(0)
  await customer.hears(colleagueTone)
  await boris.hearsOnly([customerTone])
  await conversations(stand, 2)
  await expect(boris.button('call.hold')).toBeEnabled()
  await expect(boris.comment).toHaveValue('wants the invoice again')
  await expect(boris.button('call.answer')).toHaveAttribute('aria-disabled', 'true')
  await boris.button('call.hold').click()
  await customer.hearsMusic()
  await boris.button('call.resume').click()
  await customer.hears(colleagueTone)
  await boris.button('call.hangUp').click()
  await customer.reaches('ended')
  await boris.is('WRAP_UP')
  await boris.finish()
  await boris.is('READY')
})

test('a colleague in a call is given a second one: whoever is not spoken with hears music, and the page says who that is', async ({ stand, operator }) => {
  const { anna, boris, customer, name } = await talk(stand, operator)
  const other = stand.caller('private')
  const second = await stand.call({ from: other.number, tone: outsideTone })
  await boris.rings(20_000)
  await boris.answer()
  await second.hears(colleagueTone)

  // Anna is in a call, and can be chosen all the same; hers stays on the screen while the second rings.
  await boris.pick('transfer', 'anna')
  const beside = anna.page.getByRole('list', { name: anna.word('call.others') }).getByRole('listitem')
  await expect(beside).toContainText(anna.word('stage.offer'), { timeout: 10_000 })
  await expect(anna.customer.getByRole('heading', { name })).toBeVisible()
  await anna.hearsOnly([customerTone])

  // The key turns to it, and back.
  await anna.page.keyboard.press('a')
  await anna.hearsOnly([outsideTone])
  await customer.hearsMusic()
  await second.hears(operatorTone)
  await expect(beside).toContainText(name)
  await expect(beside).toContainText(anna.word('stage.held'))
  await anna.page.keyboard.press('a')
  await anna.hearsOnly([customerTone])
  await second.hearsMusic()
  await expect(anna.customer.getByRole('heading', { name })).toBeVisible()
  await expect(beside).not.toContainText(name)

  // What hangs up ends the one that is spoken in.
  await anna.button('call.hangUp').click()
  await customer.reaches('ended')
  await second.hearsMusic()
  await second.next()
  await anna.is('WRAP_UP')
  await anna.finish() // of the one
  await anna.finish() // and of the other
  await anna.is('READY')
})

test('a consultation is cancelled, declined, and hung up by the colleague', async ({ stand, operator }) => {
  const { anna, boris, customer } = await talk(stand, operator)
  await consult(anna, boris)
  await anna.button('call.cancelConsult').click()
  await customer.hears(operatorTone)
  await anna.hearsOnly([customerTone])
  await boris.is('READY', soon)
  await conversations(stand, 2)

  // Declined: nobody speaks with the customer before the operator knows it.
  await anna.pick('consult', 'boris')
  await boris.rings()
  await boris.button('call.decline').click()
  await anna.is('HELD')
  await expect(anna.page.getByRole('alert')).toContainText('The consultation was declined.')
  await customer.hearsMusic()
  await boris.is('READY')
  await anna.button('call.resume').click()
  await customer.hears(operatorTone)

  await consult(anna, boris)
  await boris.button('call.hangUp').click()
  await anna.is('HELD')
  await customer.hearsMusic()
  await anna.button('call.resume').click()
  await customer.hears(operatorTone)
  await anna.button('call.hangUp').click()
  await customer.reaches('ended')
  await anna.finish()
})

test('an outside party is consulted and left with the customer; when one hangs up the other ends', async ({ stand, operator }) => {
  const { anna, customer } = await talk(stand, operator)
  const outside = await stand.callee({ ringMs: 60_000, tone: outsideTone })
  await anna.pick('consult', '8 (495) 765-43-21')
  await outside.reaches('called')
  expect((await outside.state()).events[0]?.detail).toContain('74957654321')
  await customer.hearsMusic()
  await outside.next()
  await anna.hearsOnly([outsideTone])
  await outside.hears(operatorTone)
  await customer.hearsMusic()
  await anna.button('call.complete').click()
  await customer.hears(outsideTone)
  await outside.hears(customerTone)
  await anna.is('WRAP_UP', soon)
  await anna.finish()
  await anna.is('READY')
  await outside.next()
  await customer.reaches('ended')
})

test('transferred to a colleague: the call, its card and its notes', async ({ stand, operator }) => {
  const { anna, boris, customer, name } = await talk(stand, operator)
  await anna.comment.fill('second call today')
  await anna.pick('transfer', 'boris')
  await anna.is('READY', soon)
  await boris.rings()
  await customer.hearsMusic()
  await expect(boris.customer.getByRole('heading', { name })).toBeVisible()
  await boris.answer()
  await customer.hears(colleagueTone)
  await boris.hearsOnly([customerTone])
  await expect(boris.comment).toHaveValue('second call today')
  await expect(anna.page.getByRole('alert')).toHaveCount(0)
  await boris.button('call.hangUp').click()
  await boris.finish()
})

test('a transfer that is declined comes back through the queue', async ({ stand, operator }) => {
  const { anna, boris, customer } = await talk(stand, operator)
  await anna.pick('transfer', 'boris')
  await boris.rings()
  await boris.button('call.decline').click()
  await anna.rings()
  await anna.answer()
  await customer.hears(operatorTone)
  await boris.is('PAUSED')
  await anna.button('call.hangUp').click()
  await anna.finish()
})

test('transferred to a queue: whoever is ready there has it', async ({ stand, operator }) => {
  const { anna, boris, customer } = await talk(stand, operator)
  await anna.pick('transfer', 'Sales')
  await boris.rings()
  await expect(boris.call).toContainText('Sales')
  await boris.answer()
  await customer.hears(colleagueTone)
  await boris.button('call.hangUp').click()
  await boris.finish()
})

test('transferred to an outside number: the customer is theirs, and when the customer hangs up the other ends', async ({ stand, operator }) => {
  const { anna, customer } = await talk(stand, operator)
  const outside = await stand.callee({ ringMs: 60_000, tone: outsideTone })
  await anna.pick('transfer', '+7 495 765-43-21')
  await anna.is('READY', soon)
  await outside.reaches('called')
  await customer.hearsMusic()
  await outside.next()
  await customer.hears(outsideTone)
  await outside.hears(customerTone)
  await conversations(stand, 2)
  await customer.next()
  await outside.reaches('ended')
  await conversations(stand)
})

test('a number that cannot be called is said to be so and stays as typed', async ({ stand, operator }) => {
  const { anna, customer } = await talk(stand, operator)
  await anna.pick('transfer', '+7 495 1')
  await expect(anna.page.getByRole('alert')).toContainText('The number')
  await expect(anna.page.getByRole('combobox', { name: anna.word('picker.field') })).toHaveValue('+7 495 1')
  await customer.hears(operatorTone)
  await anna.page.keyboard.press('Escape')
  await anna.button('call.hangUp').click()
  await anna.finish()
})

test('parked by one, picked up by another', async ({ stand, operator }) => {
  const { anna, boris, customer, name } = await talk(stand, operator)
  await anna.button('call.park').click()
  await customer.hearsMusic()
  await anna.is('READY', soon)
  for (const one of [anna, boris]) {
    const parked = one.page.getByRole('list', { name: one.word('parked.title') }).getByRole('listitem').filter({ hasText: name })
    await expect(parked).toContainText('by Anna Sokolova', { timeout: soon })
    await expect(parked).toContainText(/returns in [12]:\d\d/)
  }
  await boris.button('parked.pickUp').click()
  await boris.rings()
  await boris.answer()
  await customer.hears(colleagueTone)
  await expect(anna.page.getByRole('list', { name: anna.word('parked.title') })).toHaveCount(0, { timeout: soon })
  await boris.button('call.hangUp').click()
  await boris.finish()
})

test('Pult is killed in a consultation: everybody stays where they are, and the pages are right again', async ({ stand, operator }) => {
  const { anna, boris, customer, name } = await talk(stand, operator)
  await consult(anna, boris)
  await customer.hearsMusic()
  await stand.pult('kill')
  for (const one of [anna, boris]) await expect(one.page.getByText(/everything is as of/)).toBeVisible({ timeout: 20_000 })
  await customer.hearsMusic()
  await anna.hearsOnly([colleagueTone])
  await boris.hearsOnly([operatorTone])
  await stand.pult('start')
  for (const one of [anna, boris]) {
    await expect(one.page.getByText(/everything is as of/)).toBeHidden({ timeout: 20_000 })
    await one.is('TALKING')
  }
  await expect(anna.party('Boris')).toContainText('with you', { timeout: soon })
  await expect(anna.party(name)).toContainText('hears music', { timeout: soon })
  await expect(boris.party('Anna')).toContainText('with you', { timeout: soon })
  await customer.hearsMusic()
  await anna.hearsOnly([colleagueTone])
  await conversations(stand, 2)
  await agree(stand, [anna, boris])
  await anna.button('call.swap').click()
  await customer.hears(operatorTone)
  await boris.hearsOnly([musicTone])
  await anna.button('call.complete').click()
  await customer.hears(colleagueTone)
  await boris.hearsOnly([customerTone])
  await anna.is('READY')
  await agree(stand, [anna, boris])
  await boris.button('call.hangUp').click()
  await customer.reaches('ended')
  await boris.is('WRAP_UP')
  await agree(stand, [anna, boris])
  await boris.finish()
})
