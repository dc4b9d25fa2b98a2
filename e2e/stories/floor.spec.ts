import { customerTone, operatorTone, Stand, startStand } from '../support/stand.ts'
import { expect, test as base } from '../support/test.ts'

/** Two servers that share a PostgreSQL and a Redis, with an Asterisk of their own. */
const test = base.extend<{ stand: Stand }, { two: Stand }>({
  two: [
    // eslint-disable-next-line no-empty-pattern -- Playwright wants a pattern
    async ({}, use) => {
      const { info, stop } = await startStand(['-instances', '2'])
      await use(new Stand(info))
      await stop()
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  stand: async ({ two }, use) => {
    await use(two)
    await two.tidy()
  },
})

/** Tells which server owns Asterisk, by their logs. */
async function owner(stand: Stand): Promise<number> {
  let last = { at: '', n: 0 }
  for (const n of stand.info.urls.keys()) {
    for (const line of (await stand.log(`pult-${n}`)).split('\n')) {
      const at = /time=(\S+).*msg="owner of the floor"/.exec(line)?.[1] ?? ''
      if (at > last.at) last = { at, n }
    }
  }
  return last.n
}

test('a browser at either server sees and commands the call', async ({ stand, operator }) => {
  const anna = await operator('anna', { server: 0 })
  const boris = await operator('boris', { server: 1 })
  await Promise.all([anna.startWork(), boris.startWork()])
  const caller = stand.caller('exact')
  for (const [one, other] of [
    [anna, boris],
    [boris, anna],
  ] as const) {
    await other.choose('OFFLINE')
    await one.is('READY')
    const customer = await stand.call({ from: caller.number })
    await one.rings()
    await expect(one.customer.getByRole('heading', { name: caller.name })).toBeVisible()
    await expect(other.page.getByRole('list', { name: other.word('team.title') })).toContainText(one.person.name)
    await one.answer()
    await customer.hears(operatorTone)
    await one.hears(customerTone)
    await one.button('call.hold').click()
    await customer.hearsMusic()
    await one.button('call.resume').click()
    await customer.hears(operatorTone)
    await one.button('call.hangUp').click()
    await customer.reaches('ended')
    await one.finish()
    await one.is('READY')
    await other.choose('READY')
    await other.is('READY')
  }
})

test('the owner is killed in a talk: the other takes over, the call lives, hang-up works', async ({ stand, operator }) => {
  const first = await owner(stand)
  const other = 1 - first
  const anna = await operator('anna', { server: other })
  await anna.startWork()
  const caller = stand.caller('private')
  const customer = await stand.call({ from: caller.number })
  await anna.rings()
  await anna.answer()
  await customer.hears(operatorTone)
  const before = await customer.state()
  await stand.pult('kill', first)
  await expect.poll(() => owner(stand), { timeout: 20_000 }).toBe(other)
  await anna.is('TALKING')
  await expect(anna.customer.getByRole('heading', { name: caller.name })).toBeVisible()
  await customer.hears(operatorTone)
  await anna.hears(customerTone)
  expect((await customer.state()).gapMs).toBeLessThan(Math.max(before.gapMs, 1000))
  await expect(anna.button('call.hangUp')).toBeEnabled({ timeout: 15_000 })
  await anna.button('call.hangUp').click()
  await customer.reaches('ended')
  await anna.is('WRAP_UP')
  await anna.comment.fill('outlived its owner')
  await anna.finish()
  await anna.is('READY')
  await anna.lookUp('Лебедева', caller.name)
  await expect(anna.history.getByRole('listitem').first()).toContainText('outlived its owner')
  await stand.pult('start', first)
})

test('the owner is killed, and with it the page of an operator in a talk: it comes back with the server', async ({ stand, operator }) => {
  const first = await owner(stand)
  const anna = await operator('anna', { server: first })
  await anna.startWork()
  const customer = await stand.call({ from: stand.caller('private').number })
  await anna.rings()
  await anna.answer()
  await customer.hears(operatorTone)
  await stand.pult('kill', first)
  await expect.poll(() => owner(stand), { timeout: 20_000 }).toBe(1 - first)
  await customer.hears(operatorTone)
  await stand.pult('start', first)
  await expect(anna.page.getByText(/everything is as of/)).toBeHidden({ timeout: 20_000 })
  await anna.is('TALKING')
  await expect(anna.button('call.hangUp')).toBeEnabled()
  await anna.button('call.hangUp').click()
  await customer.reaches('ended')
  await anna.finish()
})
