import { BackgroundPage } from '../support/background.ts'
import { withoutGap } from '../support/continuity.ts'
import { customerTone, operatorTone, type Customer, type Stand } from '../support/stand.ts'
import { expect, test } from '../support/test.ts'
import { word } from '../support/words.ts'
import { Workspace } from '../support/workspace.ts'

test.setTimeout(150_000)

async function talk(stand: Stand, workspace: Workspace): Promise<Customer> {
  const customer = await stand.call({ from: stand.caller('private').number })
  await workspace.rings()
  await workspace.answer()
  await customer.hears(operatorTone)
  await workspace.hears(customerTone)
  return customer
}

const takeHere = (window: Workspace) => window.page.getByRole('button', { name: window.word('phone.takeHere') }).first()

test('a talk moves to another computer and back without a gap', async ({ stand, operator }) => {
  const older = await operator('anna')
  await older.startWork()
  const customer = await talk(stand, older)

  const newer = await operator('anna')
  await withoutGap(customer, async () => {
    await newer.signIn() // who signs in wants the phone
    await newer.phoneReady()
    await older.phoneIs('takenOver')
    await newer.hears(customerTone)
    await expect(older.page.getByText(older.word('phone.moving'))).toBeHidden()
  })
  await expect(older.page.locator('audio')).toHaveCount(0)
  await newer.is('TALKING')

  await withoutGap(customer, async () => {
    await takeHere(older).click()
    await older.phoneReady()
    await older.hears(customerTone)
    await expect(newer.page.locator('audio')).toHaveCount(0)
  })
  await older.button('call.hold').click()
  await customer.hearsMusic()
  await older.button('call.resume').click()
  await customer.hears(operatorTone)
  await older.button('call.hangUp').click()
  await customer.reaches('ended')
  await older.finish()
})

test('a talk moves between two tabs without a gap, and stays muted', async ({ stand, operator }) => {
  const first = await operator('anna')
  await first.startWork()
  const customer = await talk(stand, first)
  const second = new Workspace(await first.context.newPage(), first.language, first.person, first.url)
  await second.open()
  await second.phoneIs('otherTab')
  await withoutGap(customer, async () => {
    await takeHere(second).click()
    await second.phoneReady()
    await second.hears(customerTone)
    await first.phoneIs('otherTab')
    await expect(first.page.locator('audio')).toHaveCount(0)
  })

  await second.button('call.mute').click()
  await customer.hearsNothing()
  await takeHere(first).click()
  await first.phoneReady()
  await first.hears(customerTone)
  await expect(second.page.locator('audio')).toHaveCount(0)
  await customer.hearsNothing()
  await first.button('call.unmute').click()
  await customer.hears(operatorTone)
  await first.button('call.hangUp').click()
  await customer.reaches('ended')
  await first.finish()
})

test('the phone is taken by a window that cannot reach the exchange: the talk goes on where it is, and can be taken back', async ({ stand, operator }) => {
  const older = await operator('anna')
  await older.startWork()
  const customer = await talk(stand, older)

  const newer = await operator('anna')
  await newer.page.routeWebSocket(/.*/, (socket) => {
    if (socket.url().includes('/graphql')) socket.connectToServer()
    else void socket.close()
  })
  await withoutGap(customer, async () => {
    await newer.signIn()
    await older.phoneIs('takenOver')
    await expect(older.page.getByText(older.word('phone.moving'))).toBeVisible()
    await newer.phoneIs('reconnecting')
    await older.hears(customerTone)
    await newer.button('call.hold').waitFor()
  })
  await withoutGap(customer, async () => {
    await takeHere(older).click()
    await older.phoneReady()
    await expect(older.page.getByText(older.word('phone.moving'))).toBeHidden()
    await older.hears(customerTone)
  })
  await older.button('call.hangUp').click()
  await customer.reaches('ended')
  await older.finish()
})

test('a network dies in a talk: the customer hears music, and the same talk goes on when it is back', async ({ stand, operator }) => {
  const { login, password } = stand.person('anna')
  const post = (query: string) =>
    `fetch('/graphql', { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Pult-Client': 'web' }, body: JSON.stringify(${JSON.stringify({ query })}) }).then((r) => r.json())`
  const label = (name: string) => `document.querySelector(${JSON.stringify(`button[aria-label="${name}"]`)}) !== null`
  const ready = word('en', 'phone.state', { state: word('en', 'phone.line.ready') })
  const page = await BackgroundPage.open(stand.info.urls[0] ?? '')
  try {
    await expect.poll(() => page.evaluate<string>('document.title')).toBe('Pult')
    await page.evaluate(post(`mutation { signIn(input: { login: "${login}", password: "${password}" }) { viewer { now } } }`))
    await page.evaluate(`localStorage.setItem('pult.devices', '{"phoneWindow":false}')`)
    await page.reload()
    await expect.poll(() => page.evaluate<boolean>(label(ready)), { timeout: 20_000 }).toBe(true)
    const watcher = await operator('anna')
    await watcher.context.request.post(`${watcher.url}/graphql`, {
      headers: { 'X-Pult-Client': 'web', Origin: watcher.url },
      data: { query: `mutation { signIn(input: { login: "${login}", password: "${password}" }) { viewer { now } } }` },
    })
    await watcher.open()
    await watcher.phoneIs('takenOver')
    await watcher.choose('READY')
    const customer = await stand.call({ from: stand.caller('private').number })
    await watcher.rings(20_000)
    await watcher.answer()
    await customer.hears(operatorTone)

    const live = page.die()
    try {
      await customer.hearsMusic()
      await watcher.is('TALKING') // the operator still has the call
    } finally {
      live()
    }
    await customer.hears(operatorTone, 20_000)
    await watcher.button('call.hangUp').click()
    await customer.reaches('ended')
    await watcher.finish()
  } finally {
    await page.close()
  }
})
