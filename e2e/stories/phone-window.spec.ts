import type { Page } from '@playwright/test'
import { withoutGap } from '../support/continuity.ts'
import { customerTone, operatorTone } from '../support/stand.ts'
import { expect, test } from '../support/test.ts'
import { Workspace } from '../support/workspace.ts'

test.setTimeout(150_000)

/** What the page does makes the phone's window open; it is seen as the operator sees it. */
async function windowOf(workspace: Workspace, act: () => Promise<unknown>): Promise<Workspace> {
  const opened = workspace.context.waitForEvent('page', { timeout: 20_000 })
  await act()
  return new Workspace(await opened, workspace.language, workspace.person, workspace.url)
}

const isReady = async (phone: Workspace) =>
  expect(phone.page.getByRole('status').filter({ hasText: phone.word('phone.state', { state: phone.word('phone.line.ready') }) })).toBeVisible({ timeout: 20_000 })

/** From its next load on, the page may open windows while a click is handled, and only then. */
const blockPopups = (page: Page) =>
  page.addInitScript(() => {
    const open = window.open.bind(window)
    window.open = (...args) => (window.event?.type === 'click' ? open(...args) : null)
  })

test('the phone opens in its own window at sign-in; every page commands it, and may be reloaded or closed in a talk', async ({ stand, operator }) => {
  const anna = await operator('anna', { phone: 'window' })
  const phone = await windowOf(anna, () => anna.signIn())
  await isReady(phone)
  expect(new URL(phone.page.url()).pathname + new URL(phone.page.url()).search).toBe('/phone')
  await anna.phoneReady() // the page knows
  await anna.choose('READY')
  const customer = await stand.call({ from: stand.caller('private').number })
  await anna.rings()
  await expect(phone.page.getByRole('heading', { name: stand.caller('private').name })).toBeVisible()
  await anna.answer()
  await customer.hears(operatorTone)
  await phone.hears(customerTone)
  await expect(anna.page.locator('audio')).toHaveCount(0)

  await anna.button('call.mute').click()
  await customer.hearsNothing()
  await expect(phone.button('call.unmute')).toBeVisible()
  await phone.button('call.unmute').click()
  await customer.hears(operatorTone)
  await withoutGap(customer, async () => {
    await anna.page.reload()
    await anna.is('TALKING')
    await anna.phoneReady()
    await anna.page.close()
    await phone.hears(customerTone)
  })

  // Who closes the window in a talk is asked first.
  const asked = phone.page.waitForEvent('dialog')
  await phone.page.close({ runBeforeUnload: true })
  const question = await asked
  expect(question.type()).toBe('beforeunload')
  await question.dismiss()
  await phone.hears(customerTone)
  await phone.button('call.hangUp').click()
  await customer.reaches('ended')
  await phone.button('call.finish').click()
  await expect(phone.dialBox).toBeVisible()
})

test('the phone window is closed in a talk: it comes back by itself, and the talk goes on', async ({ stand, operator }) => {
  const anna = await operator('anna', { phone: 'window' })
  const phone = await windowOf(anna, () => anna.signIn())
  await isReady(phone)
  await anna.phoneReady()
  await anna.choose('READY')
  const customer = await stand.call({ from: stand.caller('private').number })
  await anna.rings()
  await anna.answer()
  await customer.hears(operatorTone)

  const again = await windowOf(anna, () => phone.page.close())
  await isReady(again)
  await customer.hears(operatorTone, 20_000)
  await again.hears(customerTone)
  await anna.is('TALKING')
  await anna.button('call.hangUp').click()
  await customer.reaches('ended')
  await anna.finish()

  // Whoever signs out needs no phone.
  const gone = again.page.waitForEvent('close')
  await anna.page.getByRole('button', { name: anna.word('menu.of', { name: anna.person.name }) }).click()
  await anna.page.getByRole('menuitem', { name: anna.word('menu.signOut') }).click()
  await gone
  await expect(anna.page.getByRole('textbox', { name: anna.word('signIn.login') })).toBeVisible()
})

test('where the browser lets no window open, the phone is in the page until a click opens one', async ({ stand, operator }) => {
  const anna = await operator('anna', { phone: 'window' })
  const phone = await windowOf(anna, () => anna.signIn())
  await isReady(phone)
  await anna.phoneReady()
  await anna.choose('READY')
  const customer = await stand.call({ from: stand.caller('private').number })
  await anna.rings()
  await anna.answer()
  await customer.hears(operatorTone)

  await blockPopups(anna.page)
  await anna.page.reload()
  await anna.is('TALKING')
  await phone.page.close()
  await customer.hearsMusic()
  await customer.hears(operatorTone, 20_000)
  await anna.hears(customerTone)

  const open = anna.page.getByRole('button', { name: anna.word('phoneWindow.open') })
  await withoutGap(customer, async () => {
    const again = await windowOf(anna, () => open.click())
    await isReady(again)
    await again.hears(customerTone)
    await expect(anna.page.locator('audio')).toHaveCount(0)
    await expect(open).toBeHidden()
  })
  await anna.button('call.hangUp').click()
  await customer.reaches('ended')
  await anna.finish()
})
