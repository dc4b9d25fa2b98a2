import { agree } from '../support/agree.ts'
import { colleagueTone, customerTone, operatorTone, type Customer, type Stand } from '../support/stand.ts'
import { expect, test } from '../support/test.ts'
import type { Workspace } from '../support/workspace.ts'

// The operator's browser is on another host, and its network fails: the customer hears music or the operator, and ends where they should.

test.describe.configure({ timeout: 150_000 })

async function talk(stand: Stand, anna: Workspace): Promise<Customer> {
  const customer = await stand.call({ from: stand.caller('exact').number })
  await anna.rings(20_000)
  await anna.answer()
  await customer.hears(operatorTone)
  await anna.hears(customerTone)
  return customer
}

/** Milliseconds that something is to take, by design and not by chance: how long a network is away. */
const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

test('the network is away for five seconds, and for thirty: music meanwhile, then the same talk', async ({ stand, operator, farBrowser }) => {
  const vera = await operator('vera')
  await vera.signIn()
  await stand.rescueFor(90)
  const far = await farBrowser()
  const anna = await operator('anna', { in: far })
  await anna.startWork()
  const customer = await talk(stand, anna)

  // Nobody is told: packets get lost.
  far.lose()
  const lost = Date.now()
  await customer.hearsMusic(5000)
  await vera.sees('Anna Sokolova', 'stage.rescuing', 5000)
  await wait(5000 - (Date.now() - lost))
  far.find()
  await customer.hears(operatorTone, 30_000)
  await anna.hears(customerTone)
  await agree(stand, [anna], [vera])

  // The cable is out: the browser is told.
  far.unplug()
  const unplugged = Date.now()
  await customer.hearsMusic(5000)
  await vera.sees('Anna Sokolova', 'stage.rescuing', 5000)
  await expect(anna.page.getByText(/everything is as of/)).toBeVisible({ timeout: 25_000 })
  await wait(30_000 - (Date.now() - unplugged))
  await customer.hearsMusic()
  far.plug()
  await customer.hears(operatorTone, 30_000)
  await anna.hears(customerTone)
  await anna.phoneReady(20_000)
  await expect(anna.page.getByText(/everything is as of/)).toBeHidden({ timeout: 20_000 })
  await agree(stand, [anna], [vera])

  await anna.button('call.hangUp').click()
  await customer.reaches('ended')
  await anna.is('WRAP_UP')
  await agree(stand, [anna], [vera])
  await anna.finish()
})

test('the network does not come back in time: the customer is first in the queue, and a colleague has the call with its notes', async ({ stand, operator, farBrowser }) => {
  await stand.rescueFor(3)
  const boris = await operator('boris', { voice: colleagueTone })
  const far = await farBrowser()
  const anna = await operator('anna', { in: far })
  await anna.startWork()
  const customer = await talk(stand, anna)
  await anna.comment.fill('wants the invoice of May')
  await expect(anna.page.getByText(/^saved /)).toBeVisible()
  await boris.signIn()
  await boris.phoneReady()
  const later = await stand.call({ from: stand.caller('private').number })
  await later.hearsMusic()

  far.lose()
  await customer.hearsMusic(5000)
  // Who was spoken with comes before who has waited.
  const waiting = boris.page.getByRole('list', { name: boris.word('waiting.title') }).getByRole('listitem')
  await expect(waiting.first()).toContainText(stand.caller('exact').name, { timeout: 15_000 })
  await expect(waiting.nth(1)).toContainText(stand.caller('private').name)
  await customer.hearsMusic()
  await boris.choose('READY')
  await boris.rings()
  await expect(boris.customer.getByRole('heading', { name: stand.caller('exact').name })).toBeVisible()
  const told = boris.call.getByText(boris.word('call.lostBy', { name: anna.person.name }))
  await expect(told).toBeVisible()
  await boris.answer()
  await customer.hears(colleagueTone)
  await expect(told).toBeVisible()
  await expect(boris.comment).toHaveValue('wants the invoice of May')
  expect(await route(boris)).toEqual(expect.arrayContaining(['LOST', 'RETURNED', 'ANSWERED']))

  // Her network is back: the call is another's, and she is not offered any until she says so.
  far.find()
  await anna.phoneReady(40_000)
  await anna.is('PAUSED', 20_000)
  await agree(stand, [anna, boris])
  await boris.button('call.hangUp').click()
  await customer.reaches('ended')
  await boris.is('WRAP_UP')
  await agree(stand, [anna, boris])
  await later.next()
  await boris.finish()
})

/** What has become of the call that the operator leads, step by step. */
async function route(page: Workspace): Promise<string[]> {
  const { data } = (await page.api('{ calls(state: [TALKING]) { route { kind } } }')) as unknown as {
    data: { calls: { route: { kind: string }[] }[] }
  }
  return data.calls.flatMap((call) => call.route.map(({ kind }) => kind))
}

test('the address changes in a talk, as between two networks: both hear each other again', async ({ stand, operator, farBrowser }) => {
  const far = await farBrowser()
  const anna = await operator('anna', { in: far })
  await anna.startWork()
  const customer = await talk(stand, anna)

  far.move()
  await customer.hearsMusic(10_000)
  await customer.hears(operatorTone, 40_000)
  await anna.hears(customerTone, 20_000)
  await anna.phoneReady(20_000)
  await agree(stand, [anna])
  await anna.button('call.hold').click()
  await customer.hearsMusic()
  await anna.button('call.resume').click()
  await customer.hears(operatorTone)
  await anna.button('call.hangUp').click()
  await customer.reaches('ended')
  await anna.is('WRAP_UP')
  await agree(stand, [anna])
  await anna.finish()
})
