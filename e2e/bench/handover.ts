// How long a customer does not hear the operator while a living talk moves between two browsers: `make bench-handover`. Chromium, Pult
// and Asterisk are real, all on this machine. Each browser says a tone of its own, and the customer's end judges every packet for both.

import { expect } from '@playwright/test'
import setup from '../support/setup.ts'
import { colleagueTone, customerTone, operatorTone, Stand, startStand } from '../support/stand.ts'
import { Workspace } from '../support/workspace.ts'
import { OwnBrowser } from './browser.ts'
import { longestGap, watchPage } from './ear.ts'
import { printFigure, printSpread, quantile } from './figures.ts'

const moves = 30
/** Milliseconds. */
const target = 300
/** What is said into the microphone of each of the two. */
const voices = [operatorTone, colleagueTone]

const clean = setup()
const { info, stop } = await startStand([])
let ok = false
try {
  const stand = new Stand(info)
  const windows: { workspace: Workspace; browser: OwnBrowser; voice: number }[] = []
  for (const voice of voices) {
    const browser = await OwnBrowser.launch(voice)
    await watchPage(browser.page, customerTone, '[role="status"][aria-label]')
    windows.push({ browser, voice, workspace: new Workspace(browser.page, 'en', stand.person('anna'), stand.info.urls[0] ?? '') })
  }
  const [first, second] = windows
  if (!first || !second) throw new Error('there are two')
  await second.workspace.signIn()
  await second.workspace.phoneReady()
  await first.workspace.startWork() // who signs in has the phone
  await second.workspace.phoneIs('takenOver')
  const customer = await stand.call({ from: stand.caller('private').number, keep: voices })
  await first.workspace.rings()
  await first.workspace.answer()
  await customer.hears(first.voice)

  const gaps: number[] = []
  const took: number[] = []
  for (let n = 1; n <= moves; n++) {
    const [from, to] = n % 2 === 1 ? [first, second] : [second, first]
    const began = Date.now()
    await to.workspace.page.getByRole('button', { name: to.workspace.word('phone.takeHere') }).first().click()
    await customer.hears(to.voice, 20_000) // and no longer the other
    took.push(Date.now() - began)
    await to.workspace.hears(customerTone)
    await expect(from.workspace.page.locator('audio')).toHaveCount(0)
    await from.workspace.phoneIs('takenOver')
    gaps.push(await longestGap(customer, voices, began, Date.now()))
  }
  await second.workspace.button('call.hangUp').click()
  await customer.reaches('ended')
  for (const { browser } of windows) await browser.close()

  printSpread('button pressed until only the new window is heard', took)
  printSpread('longest time without the operator in a move', gaps)
  ok = printFigure('handover_gap_p95_ms', quantile(gaps, 0.95), target)
} finally {
  await stop()
  clean()
}
process.exitCode = ok ? 0 : 1
