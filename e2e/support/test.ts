import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test as base, type Browser, type BrowserContextOptions } from '@playwright/test'
import { microphone } from '../playwright.config.ts'
import { FarBrowser, OwnBrowser, type OwnOptions } from './own-browser.ts'
import { Stand, startStand, type StandInfo } from './stand.ts'
import { layVoice } from './voice.ts'
import { Workspace } from './workspace.ts'
import type { Language } from './words.ts'

interface OpenOptions {
  language?: Language
  /** Which of several servers. */
  server?: number
  /** What they say into their microphone, in hertz, where it is to be told apart from others': in a browser process of their own. */
  voice?: number
  /** Of the browser. */
  browser?: BrowserContextOptions
  /** A browser that was started for the story, where it is to fail. */
  in?: OwnBrowser
  /** Where the phone is to be: in the page, as most stories have it, or in a window of its own, as by default. */
  phone?: 'page' | 'window'
}

interface Fixtures {
  stand: Stand
  /** Gives a person a browser of their own; it is closed, and they are signed out, at the end of the story. */
  operator: (login: string, options?: OpenOptions) => Promise<Workspace>
  /** Starts a browser in processes of its own; it ends with the story. */
  ownBrowser: (options?: OwnOptions) => Promise<OwnBrowser>
  /** The same on another host. One at a time, so all stories with it are in one file, which one worker takes. */
  farBrowser: () => Promise<FarBrowser>
}

/** Browser processes by what is said into their microphones, in hertz. */
type Voices = (frequency: number) => Promise<Browser>

interface Shared {
  /** The telephone exchange and the floor of all stories of one worker, which follow each other. */
  standInfo: StandInfo
  voices: Voices
}

export const test = base.extend<Fixtures, Shared>({
  standInfo: [
    // eslint-disable-next-line no-empty-pattern -- Playwright wants a pattern
    async ({}, use) => {
      const { info, stop } = await startStand([])
      await use(info)
      await stop()
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  voices: [
    async ({ playwright }, use, info) => {
      const open = new Map<number, Promise<Browser>>()
      const launch = info.project.use.launchOptions ?? {}
      await use((frequency) => {
        let browser = open.get(frequency)
        if (!browser) {
          const file = layVoice(join(dirname(microphone), `voice-${frequency}.wav`), frequency)
          const args = (launch.args ?? []).map((arg) => arg.replace(microphone, file))
          open.set(frequency, (browser = playwright.chromium.launch({ ...launch, args })))
        }
        return browser
      })
      for (const browser of open.values()) await (await browser).close()
    },
    { scope: 'worker' },
  ],
  stand: async ({ standInfo }, use) => {
    const stand = new Stand(standInfo)
    await use(stand)
    await stand.tidy()
  },
  // eslint-disable-next-line no-empty-pattern -- Playwright wants a pattern
  ownBrowser: async ({}, use) => {
    const open: OwnBrowser[] = []
    await use(async (options) => {
      const own = await OwnBrowser.start(options)
      open.push(own)
      return own
    })
    for (const own of open) await own.close()
  },
  // eslint-disable-next-line no-empty-pattern -- Playwright wants a pattern
  farBrowser: async ({}, use) => {
    const open: FarBrowser[] = []
    await use(async () => {
      const far = await FarBrowser.start()
      open.push(far)
      return far
    })
    for (const far of open) await far.close()
  },
  // Browsers of their own end after those who use them have left.
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- their order is what is wanted
  operator: async ({ stand, browser, voices, ownBrowser: _own, farBrowser: _far }, use, info) => {
    const open: Workspace[] = []
    await use(async (login, { language = 'en', server = 0, voice, in: given, browser: options, phone = 'page' } = {}) => {
      const own = given?.browser ?? (voice === undefined ? browser : await voices(voice))
      const context = await own.newContext({
        ...(info.project.use as BrowserContextOptions),
        locale: language === 'ru' ? 'ru-RU' : 'en-GB',
        timezoneId: 'Europe/Moscow',
        ...options,
      })
      // As if it had been chosen in the settings.
      if (phone === 'page') {
        await context.addInitScript(() => localStorage.setItem('pult.devices', JSON.stringify({ phoneWindow: false, ...JSON.parse(localStorage.getItem('pult.devices') ?? '{}') })))
      }
      const url = stand.info.urls[server]
      if (url === undefined) throw new Error(`there is no server ${server}`)
      const workspace = new Workspace(await context.newPage(), language, stand.person(login), url)
      open.push(workspace)
      return workspace
    })
    if (info.errors.length > 0) {
      for (const name of ['pult-0', 'pult-1', 'asterisk']) {
        const log = await stand.log(name)
        if (log !== '') writeFileSync(info.outputPath(`${name}.log`), log.slice(-200_000))
      }
    }
    for (const workspace of open) await workspace.leave()
  },
})

export { expect } from '@playwright/test'
