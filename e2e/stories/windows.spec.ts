import type { Page } from '@playwright/test'
import { customerTone, operatorTone } from '../support/stand.ts'
import { expect, test } from '../support/test.ts'
import { Workspace } from '../support/workspace.ts'

/** Puts a page to sleep, as browsers do to pages that nobody looks at, and returns what wakes it. */
async function sleep(page: Page): Promise<() => Promise<void>> {
  const tools = await page.context().newCDPSession(page)
  await tools.send('Page.setWebLifecycleState', { state: 'frozen' })
  return async () => {
    await tools.send('Page.setWebLifecycleState', { state: 'active' })
  }
}

const takeHere = (window: Workspace) => window.page.getByRole('button', { name: window.word('phone.takeHere') }).first()

test('a window that slept through its loss of the phone does not take it back in the middle of a talk', async ({ stand, operator }) => {
  test.setTimeout(150_000)
  const slept = await operator('anna')
  await slept.signIn()
  await slept.phoneReady()
  const wake = await sleep(slept.page)

  const newer = await operator('anna')
  await newer.startWork()
  await stand.pult('restart') // what was told to the sleeper is lost
  await newer.is('READY', 20_000)
  const customer = await stand.call({ from: stand.caller('private').number })
  await newer.rings()
  await newer.answer()
  await customer.hears(operatorTone)

  await wake()
  await slept.phoneIs('takenOver', 90_000)
  await slept.is('TALKING') // and it shows what goes on
  await slept.page.reload()
  await slept.phoneIs('takenOver')
  await newer.phoneReady()
  await newer.is('TALKING')
  await customer.hears(operatorTone)
  await newer.hears(customerTone)

  await slept.button('call.hangUp').click()
  await customer.reaches('ended')
  await newer.finish()
  await newer.is('READY')

  // Who signs out of the older window leaves the newer its phone.
  await slept.page.getByRole('button', { name: slept.word('menu.of', { name: slept.person.name }) }).click()
  await slept.page.getByRole('menuitem', { name: slept.word('menu.signOut') }).click()
  await expect(slept.page.getByRole('textbox', { name: slept.word('signIn.login') })).toBeVisible()
  const next = await stand.call({ from: stand.caller('exact').number })
  await newer.rings()
  await newer.answer()
  await next.hears(operatorTone)
  await next.next()
  await newer.finish()
})

test('two tabs that open at once: one has the phone, the other shows all, takes it when asked, and inherits it', async ({ stand, operator }) => {
  const first = await operator('anna')
  await first.startWork()
  const second = new Workspace(await first.context.newPage(), first.language, first.person, first.url)
  await Promise.all([first.page.reload(), second.open()])
  const isOwner = async (window: Workspace) =>
    window.page.getByRole('button', { name: window.word('phone.state', { state: window.word('phone.line.ready') }) }).isVisible()
  await expect.poll(async () => (await isOwner(first)) || (await isOwner(second)), { timeout: 15_000 }).toBe(true)
  const [owner, other] = (await isOwner(first)) ? [first, second] : [second, first]
  await other.phoneIs('otherTab')

  // The call is shown and commanded in both, and spoken in one.
  const customer = await stand.call({ from: stand.caller('private').number })
  await owner.rings()
  await other.rings()
  await other.button('call.answer').click()
  await owner.is('TALKING')
  await other.is('TALKING')
  await customer.hears(operatorTone)
  await owner.hears(customerTone)
  await other.button('call.hold').click()
  await owner.is('HELD')
  await customer.hearsMusic()
  await owner.button('call.resume').click()
  await other.is('TALKING')
  await customer.hears(operatorTone)

  // The voice follows the phone into the tab where the person wants it.
  await takeHere(other).click()
  await other.phoneReady()
  await owner.phoneIs('otherTab')
  await customer.hears(operatorTone)
  await other.hears(customerTone)
  await owner.button('call.hangUp').click()
  await customer.reaches('ended')
  await owner.finish()
  await other.is('READY')

  // And back by itself, when that tab is closed.
  if (other === first) {
    await first.page.goto('about:blank')
  } else {
    await second.page.close()
  }
  await owner.phoneReady()
})
