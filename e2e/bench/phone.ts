// How soon a page that is opened has a registered phone: `make bench-phone`. Chromium, Pult and Asterisk are real, all on this machine.

import { chromium, expect } from '@playwright/test'
import { chromiumArgs, chromiumPath } from '../playwright.config.ts'
import setup from '../support/setup.ts'
import { Stand, startStand } from '../support/stand.ts'
import { word } from '../support/words.ts'
import { Workspace } from '../support/workspace.ts'
import { printFigure, printSpread, quantile } from './figures.ts'

const runs = 20
/** Milliseconds. */
const target = 700

const registered = word('en', 'phone.state', { state: word('en', 'phone.line.ready') })

/**
 * Opens the page anew and returns the milliseconds from the start of the navigation until it shows the phone as registered. The server has
 * to know of it as well: a phone that only its page believes in is never called.
 */
async function open(operator: Workspace, url: string): Promise<number> {
  const page = await operator.context.newPage()
  await page.goto(url, { waitUntil: 'commit' })
  const at = await page.waitForFunction(() => (window as unknown as { registeredAt?: number }).registeredAt)
  const took = await at.jsonValue()
  const online = async () => (await operator.api('{ viewer { operator { id phoneOnline } } }')).data?.viewer.operator?.phoneOnline
  await expect.poll(online, { message: 'the server knows that the phone is there', timeout: 1000, intervals: [20] }).toBe(true)
  await page.close()
  return took ?? Number.NaN
}

const clean = setup()
const { info, stop } = await startStand([])
let ok = false
try {
  const browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumArgs })
  const context = await browser.newContext({ locale: 'en-GB', permissions: ['microphone'] })
  await context.addInitScript((label) => {
    localStorage.setItem('pult.devices', '{"phoneWindow":false}')
    const look = () => {
      if (!document.querySelector(`button[aria-label="${label}"]`)) return
      ;(window as unknown as { registeredAt: number }).registeredAt = performance.now()
      watcher.disconnect()
    }
    const watcher = new MutationObserver(look)
    watcher.observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ['aria-label'] })
  }, registered)
  const stand = new Stand(info)
  const url = stand.info.urls[0] ?? ''
  const operator = new Workspace(await context.newPage(), 'en', stand.person('anna'), url)
  await operator.signIn()
  await operator.phoneReady()
  await operator.page.close()
  await open(operator, url) // warms up
  const took: number[] = []
  for (let run = 0; run < runs; run++) took.push(await open(operator, url))
  printSpread('page to registered phone', took)
  ok = printFigure('phone_registered_p50_ms', quantile(took, 0.5), target)
  await browser.close()
} finally {
  await stop()
  clean()
}
process.exitCode = ok ? 0 : 1
