// How soon a page that is opened has a registered phone: `make bench-phone`. Chromium, Pult and Asterisk are real, all on this machine.
// Measured is until the page has read Asterisk's 200 to its REGISTER; until it is drawn and says so is printed beside it.

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

/** Milliseconds since the start of the navigation. */
interface Took {
  registered: number
  shown: number
}

/**
 * Opens the page anew and returns when the phone was registered, and when it was shown as such. The server has to know of it as well: a
 * phone that only its page believes in is never called.
 */
async function open(operator: Workspace, url: string): Promise<Took> {
  const page = await operator.context.newPage()
  await page.goto(url, { waitUntil: 'commit' })
  const at = await page.waitForFunction(() => {
    const { registered, shown } = window as unknown as Partial<Took>
    return registered !== undefined && shown !== undefined ? { registered, shown } : undefined
  })
  const took = (await at.jsonValue()) ?? { registered: Number.NaN, shown: Number.NaN }
  const online = async () => (await operator.api('{ viewer { operator { id phoneOnline } } }')).data?.viewer.operator?.phoneOnline
  await expect.poll(online, { message: 'the server knows that the phone is there', timeout: 1000, intervals: [20] }).toBe(true)
  await page.close()
  return took
}

const clean = setup()
const { info, stop } = await startStand([])
let ok = false
try {
  const browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumArgs })
  const context = await browser.newContext({ locale: 'en-GB', permissions: ['microphone'] })
  await context.addInitScript((label) => {
    localStorage.setItem('pult.devices', '{"phoneWindow":false}')
    const took = window as unknown as Partial<Took>
    const Socket = window.WebSocket
    window.WebSocket = class extends Socket {
      constructor(address: string | URL, protocols?: string | string[]) {
        super(address, protocols)
        this.addEventListener('message', ({ data }) => {
          if (/^SIP\/2\.0 200 [^]*CSeq: \d+ REGISTER/.test(String(data))) took.registered ??= performance.now()
        })
      }
    }
    const look = () => {
      if (!document.querySelector(`button[aria-label="${label}"]`)) return
      took.shown = performance.now()
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
  const took: Took[] = []
  for (let run = 0; run < runs; run++) took.push(await open(operator, url))
  const registeredAt = took.map((t) => t.registered)
  printSpread('page to registered phone', registeredAt)
  printSpread('page to its picture', took.map((t) => t.shown))
  ok = printFigure('phone_registered_p50_ms', quantile(registeredAt, 0.5), target)
  await browser.close()
} finally {
  await stop()
  clean()
}
process.exitCode = ok ? 0 : 1
