// Screenshots of every screen and state, for a person to look at: `npm run build && npm run shots [name…]`.
// Languages × colour schemes × sizes, into .screenshots of the repository (ignored by git); axe looks at each as well.

import axe from 'axe-core'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type BrowserContext, type Page } from 'playwright-core'

process.env['PORT'] ??= '4081'
const origin = `http://127.0.0.1:${process.env['PORT']}`
await import('./mock.ts')

const folder = join(import.meta.dirname, '../../.screenshots')
mkdirSync(folder, { recursive: true })

const executablePath = process.env['PULT_CHROMIUM'] ?? '/usr/bin/chromium'
const browser = await chromium.launch({
  executablePath,
  args: [
    '--no-sandbox',
    '--disable-background-networking',
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
  ],
})

interface Shot {
  scenario: string
  path?: string
  act?: (page: Page, language: string) => Promise<void>
}

const shots: Record<string, Shot> = {
  signin: { scenario: 'signin' },
  deskaway: {
    scenario: 'deskaway',
    act: async (page) => page.locator('aside [role=alert]').waitFor(),
  },
  'signin-wrong': {
    scenario: 'signin',
    act: async (page) => {
      await page.locator('input[name=username]').fill('olga')
      await page.locator('input[name=password]').fill('wrong')
      await page.keyboard.press('Enter')
      await page.locator('[role=alert]:not(:empty)').waitFor()
    },
  },
  'signin-wait': {
    scenario: 'signin',
    act: async (page) => {
      await page.locator('input[name=username]').fill('olga')
      await page.locator('input[name=password]').fill('slow')
      await page.keyboard.press('Enter')
      await page.locator('[role=alert]:not(:empty)').waitFor()
    },
  },
  ...Object.fromEntries(
    [
      'first',
      'idle',
      'offline',
      'paused',
      'demo',
      'offer',
      'desk',
      'pending',
      'talking',
      'cutoff',
      'muted',
      'held',
      'second',
      'two',
      'dialling',
      'rescuing',
      'wrapup',
      'many',
      'none',
      'failed',
      'failedknown',
      'indexed',
      'anonymous',
      'internal',
      'long',
      'longmany',
      'bare',
      'takenover',
      'pbxdown',
      'consultring',
      'consulting',
      'swapped',
      'conference',
      'outsideparty',
      'asked',
      'consulted',
      'parked',
    ].map((scenario) => [scenario, { scenario }]),
  ),
  longhistory: {
    scenario: 'long',
    act: async (page) => {
      await page.locator('[aria-expanded=false]').filter({ hasText: '›' }).first().click()
      await page.locator('[aria-expanded=false]').filter({ hasText: '›' }).last().click()
      await page.locator('dd').last().scrollIntoViewIfNeeded()
    },
  },
  longnotes: {
    scenario: 'long',
    act: async (page) => page.locator('textarea').first().scrollIntoViewIfNeeded(),
  },
  notestoolong: {
    scenario: 'wrapup',
    act: async (page) => {
      await page.locator('textarea').first().fill('Договорились. '.repeat(800))
      await page.locator('textarea').first().scrollIntoViewIfNeeded()
    },
  },
  behind: { scenario: 'behind', act: async (page) => page.locator('[role=alert]').first().waitFor() },
  keypad: { scenario: 'talking', act: async (page) => page.keyboard.press('k') },
  transfer: {
    scenario: 'talking',
    act: async (page) => {
      await page.locator('[aria-keyshortcuts=T]:not([aria-disabled])').click()
      await page.getByRole('option').first().waitFor()
    },
  },
  consult: {
    scenario: 'talking',
    act: async (page) => {
      await page.locator('[aria-keyshortcuts=C]:not([aria-disabled])').click()
      await page.getByRole('dialog').getByRole('combobox').pressSequentially('8495765')
    },
  },
  availability: { scenario: 'idle', act: async (page) => page.locator('[aria-keyshortcuts="R P"]').click() },
  search: {
    scenario: 'idle',
    act: async (page) => {
      await page.keyboard.press('Control+k')
      await page.keyboard.type('мар')
      await page.getByRole('option').first().waitFor()
    },
  },
  'search-dial': {
    scenario: 'idle',
    act: async (page) => {
      await page.keyboard.press('Control+k')
      await page.keyboard.type('8916123')
      await page.getByRole('option').first().waitFor()
    },
  },
  found: { scenario: 'idle', path: '/?customer=c1' },
  help: { scenario: 'idle', act: async (page) => page.keyboard.press('?') },
  link: {
    scenario: 'none',
    act: async (page, language) => {
      await page.getByRole('button', { name: language === 'ru' ? 'Найти и запомнить' : 'Find and remember' }).click()
      await page.keyboard.type('мар')
      await page.getByRole('dialog').getByRole('listitem').first().waitFor()
    },
  },
  ...Object.fromEntries(
    ['idle', 'offer', 'talking', 'held', 'wrapup', 'second', 'two', 'consulting', 'many', 'takenover'].map(
      (scenario) => [`phone-${scenario}`, { scenario, path: '/phone' }],
    ),
  ),
  'phone-keypad': { scenario: 'talking', path: '/phone', act: async (page) => page.keyboard.press('k') },
  'phone-devices': {
    scenario: 'idle',
    path: '/phone',
    act: async (page) => page.locator('header button').click(),
  },
  check: {
    scenario: 'realphone',
    path: '/check',
    act: async (page) => page.locator('li[data-state=failed]').first().waitFor({ timeout: 30_000 }),
  },
  ...Object.fromEntries(
    ['chrome', 'edge', 'yandex', 'firefox'].map((browser) => [
      `denied-${browser}`,
      {
        scenario: 'realphone',
        path: '/check',
        act: async (page: Page) => {
          await blockMicrophone(page)
          await page.locator('li[data-state=failed]').waitFor({ timeout: 30_000 })
          await page.locator(`label[for$="-${browser}"]`).click()
        },
      },
    ]),
  ),
  'denied-work': {
    scenario: 'realphone',
    act: async (page) => {
      await blockMicrophone(page)
      await page.locator('aside [role=alert]').first().waitFor({ timeout: 30_000 })
    },
  },
  'check-failed': {
    scenario: 'realphone',
    act: async (page) => page.locator('aside [href="/check"]').first().waitFor({ timeout: 30_000 }),
  },
  'check-window': {
    scenario: 'realphone',
    path: '/phone/check',
    act: async (page) => page.locator('li[data-state=failed]').first().waitFor({ timeout: 30_000 }),
  },
  readiness: {
    scenario: 'supervisor',
    path: '/readiness',
    act: async (page) => page.locator('li[data-readiness]').first().waitFor(),
  },
  links: {
    scenario: 'supervisor',
    path: '/links',
    act: async (page) => page.locator('main table').waitFor(),
  },
  'links-done': {
    scenario: 'supervisor',
    path: '/links',
    act: async (page) => {
      await page.locator('main ul li button').first().click()
      await page.getByRole('dialog').getByRole('listitem').getByRole('button').first().click()
      await page.locator('li[data-linked]').waitFor()
      await page.locator('main ul li button').last().scrollIntoViewIfNeeded()
    },
  },
  'links-find': {
    scenario: 'supervisor',
    path: '/links',
    act: async (page) => {
      await page.locator('main ul li button').first().click()
      await page.getByRole('dialog').getByRole('listitem').first().waitFor()
    },
  },
  'links-none': { scenario: 'nocalls', path: '/links' },
  create: {
    scenario: 'create',
    act: async (page, language) => {
      await page.getByRole('button', { name: language === 'ru' ? 'Создать клиента' : 'Create customer' }).click()
      await page.getByRole('dialog').locator('input[data-autofocus]').waitFor()
    },
  },
  'create-found': {
    scenario: 'create',
    act: async (page, language) => {
      await page.getByRole('button', { name: language === 'ru' ? 'Создать клиента' : 'Create customer' }).click()
      await page.getByRole('dialog').locator('input[data-autofocus]').fill('Мария Котова')
      await page.keyboard.press('Enter')
      await page.getByRole('dialog').getByRole('listitem').first().waitFor()
    },
  },
  'create-button': { scenario: 'create', act: async (page) => page.locator('section button').nth(1).waitFor() },
  unlink: {
    scenario: 'talking',
    act: async (page, language) => {
      await page
        .getByRole('button', { name: language === 'ru' ? 'Это кто-то другой? Изменить' : 'Someone else? Change' })
        .click()
      await page.getByRole('dialog').locator('input').waitFor()
    },
  },
  business: {
    scenario: 'business',
    act: async (page) => page.locator('main a[href*="mail/1"]').scrollIntoViewIfNeeded(),
  },
  'business-silent': {
    scenario: 'businesssilent',
    act: async (page) => page.locator('main section [role=status] button').first().scrollIntoViewIfNeeded(),
  },
  connectors: {
    scenario: 'admin',
    path: '/connectors',
    act: async (page) => page.locator('li[data-connector]').first().waitFor(),
  },
  'connectors-new': {
    scenario: 'admin',
    path: '/connectors/new',
    act: async (page) => page.locator('a[href="/connectors/new/onec"]').waitFor(),
  },
  'connector-onec': {
    scenario: 'admin',
    path: '/connectors/new/onec',
    act: async (page) => {
      await page.locator('input[type=tel]').fill('8 916 123-45-67')
      await page.locator('section form button[type=submit]').click()
      await page.locator('table').waitFor()
      await page.locator('table').scrollIntoViewIfNeeded()
    },
  },
  'connector-httpjson': {
    scenario: 'admin',
    path: '/connectors/bitrix',
    act: async (page) => page.locator('input[type=password]').waitFor(),
  },
  'connector-odoo': {
    scenario: 'admin',
    path: '/connectors/new/httpjson',
    act: async (page) => {
      await page.getByRole('combobox').first().click()
      await page.getByRole('option').nth(1).click()
      await page.locator('fieldset').last().scrollIntoViewIfNeeded()
    },
  },
  'connector-refused': {
    scenario: 'admin',
    path: '/connectors/bitrix',
    act: async (page) => {
      await page.locator('input[placeholder^="https"]').first().fill('ftp://crm')
      await page.locator('form button[type=submit]').first().click()
      await page.locator('[role=alert]').waitFor()
      await page.locator('[role=alert]').scrollIntoViewIfNeeded()
    },
  },
  'connector-csvfile': {
    scenario: 'admin',
    path: '/connectors/price-list',
    act: async (page) => page.locator('textarea').first().waitFor(),
  },
  'connector-file': {
    scenario: 'admin',
    path: '/connectors/1c',
    act: async (page) => {
      await page.locator('section form button').first().click()
      await page.locator('table').waitFor()
    },
  },
  'connector-delete': {
    scenario: 'admin',
    path: '/connectors/bitrix',
    act: async (page) => {
      await page.locator('main form').first().locator('button').last().click()
      await page.getByRole('dialog').waitFor()
    },
  },
  outbox: {
    scenario: 'admin',
    path: '/outbox',
    act: async (page) => page.locator('li[data-state=DEAD]').first().waitFor(),
  },
  'outbox-held': {
    scenario: 'admin',
    path: '/outbox',
    act: async (page) => {
      await page.locator('[role=radiogroup] label').last().click()
      await page.locator('li[data-state=HELD]').first().waitFor()
    },
  },
  'outbox-empty': {
    scenario: 'delivered',
    path: '/outbox',
    act: async (page) => page.locator('main h1').waitFor(),
  },
  'outbox-off': {
    scenario: 'silentcrm',
    path: '/outbox',
    act: async (page) => page.locator('main h1').waitFor(),
  },
  'outbox-edit': {
    scenario: 'admin',
    path: '/outbox',
    act: async (page) => {
      await page.locator('li[data-state=DEAD] button').nth(1).click()
      await page.locator('[role=dialog] textarea').first().waitFor()
    },
  },
  click: {
    scenario: 'idle',
    path: '/call?number=%2B74951234567',
    act: async (page) => page.locator('main button:enabled').waitFor(),
  },
  'settings-calls': {
    scenario: 'idle',
    path: '/settings',
    act: async (page) => page.locator('main button').last().scrollIntoViewIfNeeded(),
  },
  settings: { scenario: 'idle', path: '/settings', act: async (page) => page.locator('[role=meter]').waitFor() },
}

/** The page's next start finds the microphone blocked. */
async function blockMicrophone(page: Page): Promise<void> {
  await page.addInitScript(() => {
    window.open = () => null // the phone stays in this page
    navigator.mediaDevices.getUserMedia = async () => Promise.reject(new DOMException('blocked', 'NotAllowedError'))
  })
  await page.reload()
}

const wanted = process.argv.slice(2).filter((arg) => !arg.startsWith('-'))
const quick = process.argv.includes('--quick')
const sizes = { wide: { width: 1280, height: 800 }, small: { width: 360, height: 600 } }
let violations = 0

for (const language of ['ru', 'en']) {
  for (const theme of ['light', 'dark'] as const) {
    if (quick && (language === 'ru') !== (theme === 'light')) continue
    const context = await browser.newContext({ locale: language, colorScheme: theme, permissions: ['microphone'] })
    for (const [name, shot] of Object.entries(shots)) {
      if (wanted.length > 0 && !wanted.includes(name)) continue
      for (const [size, viewport] of Object.entries(sizes)) {
        if (quick && size === 'small' && theme === 'dark') continue
        await take(context, name, shot, `${name}-${language}-${theme}-${size}`, language, viewport)
      }
    }
    await context.close()
  }
}
await browser.close()
console.log(violations === 0 ? 'axe: nothing found' : `axe: ${violations} violations`)
process.exit(violations === 0 ? 0 : 1)

async function take(
  context: BrowserContext,
  name: string,
  shot: Shot,
  file: string,
  language: string,
  viewport: { width: number; height: number },
) {
  const page = await context.newPage()
  page.on('pageerror', (error) => console.log(`${name}: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') console.log(`${name}: ${message.text()}`)
  })
  await page.setViewportSize(viewport)
  await page.goto(`${origin}/__mock?scenario=${shot.scenario}`)
  if (shot.path !== undefined) await page.goto(origin + shot.path)
  await page.locator('h1, h2').first().waitFor({ state: 'attached' })
  await page.waitForLoadState('networkidle')
  await shot.act?.(page, language)
  await page.waitForTimeout(name === 'takenover' ? 1200 : 350)
  await page.screenshot({ path: join(folder, `${file}.png`) })
  await page.evaluate(axe.source)
  const found = await page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof import('axe-core') }).axe.run(document, {
      // Menus, lists and dialogs open outside of the landmarks, as the patterns of WAI-ARIA have it; a dialog has a header of its own.
      rules: {
        region: { enabled: false },
        'landmark-no-duplicate-banner': { enabled: false },
        'landmark-unique': { enabled: false },
      },
    })
    return violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map((node) => `${node.target.join(' ')} ${node.any[0]?.message ?? ''}`).join(' | ')}`,
    )
  })
  for (const line of found) console.log(`${file}: ${line}`)
  violations += found.length
  await page.close()
}
