import { dirname, join } from 'node:path'
import { chromium, type Page } from '@playwright/test'
import { chromiumArgs, chromiumPath, microphone } from '../playwright.config.ts'
import { layVoice } from '../support/voice.ts'

/** A browser of its own processes, with one page, still empty. What is said into its microphone is a tone. */
export class OwnBrowser {
  readonly page: Page
  readonly #pid: number
  readonly #close: () => Promise<void>

  private constructor(page: Page, pid: number, close: () => Promise<void>) {
    this.page = page
    this.#pid = pid
    this.#close = close
  }

  static async launch(tone: number): Promise<OwnBrowser> {
    const voice = layVoice(join(dirname(microphone), `voice-${tone}.wav`), tone)
    const server = await chromium.launchServer({
      executablePath: chromiumPath,
      args: chromiumArgs.map((arg) => arg.replace(microphone, voice)),
    })
    const pid = server.process().pid
    if (pid === undefined) throw new Error('the browser has no process')
    const browser = await chromium.connect(server.wsEndpoint())
    const context = await browser.newContext({ locale: 'en-GB', permissions: ['microphone'] })
    return new OwnBrowser(await context.newPage(), pid, () => server.close())
  }

  /** Kills all of its processes at once: nothing closes, nothing is said to anybody. */
  kill(): void {
    process.kill(-this.#pid, 'SIGKILL') // it leads a process group
  }

  close(): Promise<void> {
    return this.#close()
  }
}
