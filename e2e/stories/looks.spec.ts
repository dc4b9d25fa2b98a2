import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import axe from 'axe-core'
import type { Page } from '@playwright/test'
import type { Stand } from '../support/stand.ts'
import { expect, test } from '../support/test.ts'
import type { Workspace } from '../support/workspace.ts'
import { languages } from '../support/words.ts'

test.describe.configure({ mode: 'parallel' }) // each stands alone, and takes long

const folder = join(import.meta.dirname, '../../.screenshots')
const schemes = ['light', 'dark'] as const
const sizes = [
  { width: 1280, height: 800 },
  { width: 360, height: 600 },
] as const

/** Takes a picture of the page in both colour schemes and sizes, and lets axe look at each. */
async function look(workspace: Workspace, name: string): Promise<void> {
  const { page, language } = workspace
  mkdirSync(folder, { recursive: true })
  for (const colorScheme of schemes) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    for (const size of sizes) {
      await page.setViewportSize(size)
      await page.screenshot({ path: join(folder, `${name}-${language}-${colorScheme}-${size.width}.png`), animations: 'disabled' })
      // Colours differ by scheme and nothing else does; of what depends on the size no part is in a language.
      if (size.width === 360 && (language === 'ru' || colorScheme === 'dark')) continue
      const found = await violations(page, colorScheme === 'dark' ? ['color-contrast'] : [])
      expect.soft(found, `${name}, ${language}, ${colorScheme}, ${size.width}`).toEqual([])
    }
  }
  await page.setViewportSize(sizes[0])
}

/** What axe finds that is serious or critical, by these rules or all. */
async function violations(page: Page, rules: string[]): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source)
  const { violations: found } = await page.evaluate(
    (only) =>
      (window as unknown as { axe: typeof axe }).axe.run({
        resultTypes: ['violations'],
        ...(only.length > 0 ? { runOnly: only } : {}),
      }),
    rules,
  )
  return found
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target.join(' ')} ${n.failureSummary ?? ''}`).join('; ')}`)
}

/** Brings a call to the operator. */
async function ring(stand: Stand, workspace: Workspace, from: string) {
  const customer = await stand.call({ from })
  await workspace.rings()
  return customer
}

for (const language of languages) {
  test(`every screen is accessible and leaves a picture: a call (${language})`, async ({ stand, operator }) => {
    test.setTimeout(120_000)
    const anna = await operator('anna', { language })
    await anna.open()
    await expect(anna.page.getByRole('button', { name: anna.word('signIn.submit') })).toBeVisible()
    await look(anna, '01-sign-in')
    await anna.fillSignIn('wrong')
    await expect(anna.page.getByRole('alert')).toHaveText(anna.word('signIn.wrong'))
    await look(anna, '02-sign-in-wrong')
    await anna.signIn()
    await anna.phoneReady()
    await expect(anna.recent.or(anna.page.getByText(anna.word('idle.noneTitle')))).toBeVisible()
    await look(anna, '03-workspace')
    await anna.button('availability.change').click()
    await expect(anna.page.getByRole('menu')).toBeVisible()
    await look(anna, '04-availability')
    await anna.page.keyboard.press('Escape')
    await anna.page.getByRole('textbox', { name: anna.word('search.label') }).fill('Василёк')
    await expect(anna.page.getByRole('option').first()).toBeVisible()
    await look(anna, '05-search')
    await anna.page.keyboard.press('Escape')
    await anna.choose('READY')
    await anna.is('READY')

    const customer = await ring(stand, anna, stand.caller('exact').number)
    await expect(anna.customer.getByRole('heading', { name: stand.caller('exact').name })).toBeVisible()
    await look(anna, '06-ringing')
    await anna.answer()
    await look(anna, '07-talking')
    await anna.button('call.keypad').click()
    await expect(anna.page.getByRole('button', { name: '5', exact: true })).toBeVisible()
    await look(anna, '08-keypad')
    await anna.button('call.keypad').click()
    await anna.button('call.hold').click()
    await anna.is('HELD')
    await look(anna, '09-held')
    await customer.next()
    await anna.is('WRAP_UP')
    await anna.comment.fill(language === 'ru' ? 'Ждёт счёт до пятницы' : 'Wants the invoice until Friday')
    await anna.topic('Billing › Invoice').click()
    await look(anna, '10-wrap-up')
    await anna.finish()
    await anna.is('READY')
    await anna.lookUp('Котова', stand.caller('exact').name)
    await anna.history.getByRole('listitem').first().getByRole('button').first().click()
    await look(anna, '11-customer-and-history')
    await anna.page.getByRole('button', { name: anna.word('menu.of', { name: anna.person.name }) }).click()
    await look(anna, '12-menu')
    await anna.page.getByRole('menuitem', { name: anna.word('settings.title') }).click()
    await expect(anna.page.getByRole('heading', { name: anna.word('settings.title') })).toBeVisible()
    await look(anna, '13-settings')
    await anna.page.keyboard.press('?')
    await expect(anna.page.getByRole('dialog')).toBeVisible()
    await look(anna, '14-help')
  })

  test(`every screen is accessible and leaves a picture: who is calling (${language})`, async ({ stand, operator }) => {
    test.setTimeout(120_000)
    const anna = await operator('anna', { language })
    await anna.startWork()
    for (const [name, from, text] of [
      ['20-several', '+74840012300', anna.word('match.another')],
      ['21-nobody', stand.caller('unknown').number, anna.word('match.none')],
      ['22-withheld', '', anna.word('match.anonymous')],
    ] as const) {
      const customer = await ring(stand, anna, from)
      await expect(anna.customer).toContainText(text)
      await look(anna, name)
      await customer.next()
      await anna.is('READY')
    }
    const callee = await stand.callee({ ringMs: 60_000 })
    await anna.dialBox.fill(stand.caller('abroad').number)
    await anna.button('call.dial').click()
    await callee.reaches('called')
    await look(anna, '25-dialling')
    await anna.button('call.hangUp').click()
    await anna.finish()
    await anna.is('READY')
    await stand.oneC({ delayMs: 30_000 })
    const customer = await ring(stand, anna, language === 'ru' ? '+79750120411' : '+79750120412')
    await expect(anna.customer).toContainText(anna.word('match.silent', { system: '1C' }))
    await look(anna, '23-1c-silent')
    await anna.answer()
    await stand.pult('stop')
    await expect(anna.page.getByText(anna.word('banner.behind', { time: '' }).slice(0, 15))).toBeVisible({ timeout: 20_000 })
    await look(anna, '24-behind')
    await stand.pult('start')
    await anna.is('TALKING', 20_000)
    await customer.next()
    await anna.is('WRAP_UP')
    await anna.finish()
    const elsewhere = await operator('anna', { language })
    await elsewhere.signIn()
    await anna.phoneIs('takenOver')
    await look(anna, '26-phone-elsewhere')
    await stand.asterisk('kill')
    await elsewhere.phoneIs('reconnecting')
    await expect(elsewhere.page.getByRole('alert')).toHaveCount(2)
    await look(elsewhere, '27-exchange-away')
    await stand.asterisk('restart')
    await elsewhere.phoneReady()
  })
}
