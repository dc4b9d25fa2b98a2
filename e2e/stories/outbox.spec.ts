import { startStand } from '../support/stand.ts'
import { expect, test as base } from '../support/test.ts'

// Only here are calls written into 1C: a floor of its own.
const test = base.extend<object, object>({
  standInfo: [
    // eslint-disable-next-line no-empty-pattern -- Playwright wants a pattern
    async ({}, use) => {
      const { info, stop } = await startStand(['-log-calls'])
      await use(info)
      await stop()
    },
    { scope: 'worker', timeout: 60_000 },
  ],
})

test('1C is away: the record of the call waits in sight of the administrator, and is delivered once when 1C is back', async ({ stand, operator }) => {
  test.setTimeout(120_000)
  const anna = await operator('anna')
  const gleb = await operator('gleb')
  await anna.startWork()
  await gleb.open()
  await gleb.signIn()
  await gleb.page.goto(`${gleb.url}/outbox`)
  await expect(gleb.page.getByText(gleb.word('outbox.none.open'))).toBeVisible()

  await stand.oneC({ mode: 'closed' })
  const customer = await stand.call({ from: stand.caller('exact').number })
  await anna.rings()
  await anna.answer()
  await anna.is('TALKING')
  await customer.next()
  await anna.is('WRAP_UP')
  await anna.comment.fill('will be in 1C when it is back')
  await anna.finish()
  await anna.is('READY')
  const entry = gleb.page.getByRole('list', { name: gleb.word('outbox.entries') }).getByRole('listitem')
  await expect(entry).toContainText('will be in 1C when it is back')
  await expect(entry).toContainText(gleb.word('outbox.reason.UNAVAILABLE'))
  expect(await stand.documents()).toHaveLength(0)

  await stand.oneC()
  await expect(gleb.page.getByText(gleb.word('outbox.none.open'))).toBeVisible({ timeout: 60_000 })
  const documents = await stand.documents()
  expect(documents).toHaveLength(1)
  expect(documents[0]?.['Описание']).toContain('will be in 1C when it is back')
  expect(documents[0]?.['Входящий']).toBe(true)
})
