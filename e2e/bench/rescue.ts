// What becomes of a customer when the operator's browser is killed in a talk: `make bench-rescue`. Chromium, Pult and Asterisk are
// real, all on this machine, and so are the voices: what the customer hears is judged packet by packet at the carrier's end, what the
// operator hears at what the page plays.

import { expect } from '@playwright/test'
import setup from '../support/setup.ts'
import { customerTone, musicTone, operatorTone, Stand, startStand, type Customer } from '../support/stand.ts'
import { word } from '../support/words.ts'
import { Workspace } from '../support/workspace.ts'
import { OwnBrowser } from './browser.ts'
import { beginning, notesOf, shownSince, watchPage } from './ear.ts'
import { printFigure, printSpread, quantile } from './figures.ts'

const kills = 50
/** How often one customer's operator is lost before the next customer calls. */
const killsPerCustomer = 5
/** A customer who is not back with the operator by then is lost; milliseconds from the kill. */
const patience = 20_000
/** Milliseconds between two looks; what is measured has its own time. */
const looks = [50]

const talking = word('en', 'presence.TALKING')
const ownState = '[role="status"][aria-label]'
const mateState = `ul[aria-label="${word('en', 'team.title')}"] [role="img"]`

interface Rescue {
  /** From the kill until the customer heard music. */
  music: number
  /** From the fresh browser's phone being registered until both heard each other. */
  back: number
  /** From then until the operator's and the supervisor's pages said so. */
  agrees: number
}

/** An operator and the browser that they have at the moment. */
class Operator {
  readonly #stand: Stand
  #browser: OwnBrowser | undefined
  #workspace: Workspace | undefined

  constructor(stand: Stand) {
    this.#stand = stand
  }

  get workspace(): Workspace {
    if (!this.#workspace) throw new Error('the operator has no browser')
    return this.#workspace
  }

  /** Starts a browser and gives what kills the former one. */
  async startBrowser(): Promise<() => void> {
    const former = this.#browser
    this.#browser = await OwnBrowser.launch(operatorTone)
    await watchPage(this.#browser.page, customerTone, ownState)
    this.#workspace = new Workspace(this.#browser.page, 'en', this.#stand.person('anna'), this.#stand.info.urls[0] ?? '')
    return () => former?.kill()
  }

  async talk(): Promise<Customer> {
    const caller = this.#stand.caller('private').number
    const customer = await this.#stand.call({ from: caller, keep: [operatorTone, musicTone] })
    await this.workspace.rings()
    await this.workspace.answer()
    return customer
  }

  async endTalk(): Promise<void> {
    await this.workspace.button('call.hangUp').click()
    await this.workspace.finish()
    await this.workspace.is('READY')
  }

  leave(): void {
    this.#browser?.kill()
  }
}

/** Waits until something has a time. */
async function time(what: string, look: () => Promise<number | undefined>): Promise<number> {
  let found: number | undefined
  await expect.poll(async () => (found = await look()), { message: what, timeout: patience, intervals: looks }).toBeDefined()
  return found ?? Number.NaN
}

async function rescue(stand: Stand, operator: Operator, supervisor: Workspace, customer: Customer): Promise<Rescue> {
  const kill = await operator.startBrowser()
  const { workspace } = operator
  await customer.hears(operatorTone) // and nothing else
  const killed = Date.now()
  kill()
  const music = await time('music is heard', async () => beginning((await customer.kept(killed, musicTone))[musicTone] ?? []))
  await workspace.signIn()
  const registered = await time('the phone is registered', async () => (await notesOf(workspace.page)).registered[0])
  const heard = await Promise.all([
    time('the operator hears the customer', async () => (await notesOf(workspace.page)).heard),
    time('the customer hears the operator', async () => beginning((await customer.kept(music, operatorTone))[operatorTone] ?? [])),
  ])
  const both = Math.max(...heard)
  const said = await Promise.all(
    [workspace, supervisor].map(({ page, person }) =>
      time(`${person.name}'s page shows it`, async () => shownSince(await notesOf(page), talking)),
    ),
  )
  expect(await stand.conversations(), 'who is together in Asterisk').toEqual([2])
  return { music: music - killed, back: both - registered, agrees: Math.max(both, ...said) - both }
}

const clean = setup()
const { info, stop } = await startStand([])
let ok = false
try {
  const stand = new Stand(info)
  const watching = await OwnBrowser.launch(operatorTone)
  await watchPage(watching.page, customerTone, mateState)
  const supervisor = new Workspace(watching.page, 'en', stand.person('vera'), stand.info.urls[0] ?? '')
  await supervisor.signIn()
  await supervisor.phoneReady()
  const operator = new Operator(stand)
  await operator.startBrowser()
  await operator.workspace.startWork()

  const rescues: Rescue[] = []
  let lost = 0
  let customer: Customer | undefined
  for (let n = 0; n < kills; n++) {
    try {
      customer ??= await operator.talk()
      rescues.push(await rescue(stand, operator, supervisor, customer))
      if ((n + 1) % killsPerCustomer > 0) continue
      await operator.endTalk()
    } catch (error) {
      lost++
      console.log(`${n + 1} of ${kills}: ${String(error)}`)
      await operator.workspace.leave()
      await operator.startBrowser()
      await operator.workspace.startWork()
    }
    await stand.tidy()
    customer = undefined
  }
  operator.leave()
  await watching.close()

  printSpread('browser killed until the customer hears music', rescues.map(({ music }) => music))
  printSpread('phone registered again until both hear each other', rescues.map(({ back }) => back))
  printSpread('both hear each other until both pages say so', rescues.map(({ agrees }) => agrees))
  ok = [
    printFigure('rescue_customers_lost', lost, 0),
    printFigure('rescue_loss_to_music_p95_ms', quantile(rescues.map(({ music }) => music), 0.95), 2000),
    printFigure('rescue_back_to_talking_p95_ms', quantile(rescues.map(({ back }) => back), 0.95), 1500),
    printFigure('rescue_state_agrees_p95_ms', quantile(rescues.map(({ agrees }) => agrees), 0.95), 2000),
  ].every(Boolean)
} finally {
  await stop()
  clean()
}
process.exitCode = ok ? 0 : 1
