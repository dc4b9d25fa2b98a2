import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromiumArgs, chromiumPath } from '../playwright.config.ts'

/** How long the browser may take to answer, in ms. What is asked of a page that is just going away is sometimes never answered. */
const patience = 5_000

interface Answer {
  readonly id?: number
  readonly result?: unknown
  readonly error?: { readonly message: string }
}

/**
 * A page in a browser of its own, whose process can be stopped, and that knows when it is hidden: Playwright keeps every page that it
 * drives visible, so this one is driven by the DevTools protocol alone.
 */
export class BackgroundPage {
  readonly #browser: ChildProcess
  readonly #profile: string
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>()
  #last = 0
  #session = ''

  private constructor(browser: ChildProcess, profile: string, socket: WebSocket) {
    this.#browser = browser
    this.#profile = profile
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => {
      const { id, result, error } = JSON.parse(String(data)) as Answer
      const waiting = id === undefined ? undefined : this.#waiting.get(id)
      if (id === undefined || !waiting) return
      this.#waiting.delete(id)
      if (error) waiting.reject(new Error(error.message))
      else waiting.resolve(result)
    })
  }

  static async open(url: string, first = ''): Promise<BackgroundPage> {
    const profile = mkdtempSync(join(tmpdir(), 'pult-background-'))
    const browser = spawn(
      chromiumPath,
      [
        ...chromiumArgs,
        '--headless=new',
        '--remote-debugging-port=0',
        `--user-data-dir=${profile}`,
        'about:blank',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'], detached: true }, // a group of its own, to be stopped as one
    )
    const address = await new Promise<string>((resolve, reject) => {
      let said = ''
      setTimeout(() => reject(new Error(`the browser does not start: ${said}`)), 4 * patience).unref()
      browser.stderr.on('data', (part: Buffer) => {
        said += part.toString()
        const found = /DevTools listening on (ws:\S+)/.exec(said)?.[1]
        if (found !== undefined) resolve(found)
      })
      browser.once('exit', () => reject(new Error(`the browser ended: ${said}`)))
    })
    const socket = new WebSocket(address)
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve)
      socket.addEventListener('error', () => reject(new Error('the browser does not answer')))
    })
    const page = new BackgroundPage(browser, profile, socket)
    const { targetId } = (await page.#send('Target.createTarget', { url: 'about:blank' })) as { targetId: string }
    const { sessionId } = (await page.#send('Target.attachToTarget', { targetId, flatten: true })) as { sessionId: string }
    page.#session = sessionId
    await page.#send('Page.enable', {}, sessionId)
    await page.#send('Page.addScriptToEvaluateOnNewDocument', { source: first }, sessionId)
    await page.#load('Page.navigate', { url })
    return page
  }

  /** Loads the page anew and resolves when it has loaded. */
  reload(): Promise<void> {
    return this.#load('Page.reload')
  }

  /** Evaluates an expression in the page; a promise is waited for. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = (await this.#send(
      'Runtime.evaluate',
      { expression, returnByValue: true, awaitPromise: true },
      this.#session,
    )) as { result: { value?: T }; exceptionDetails?: { text: string } }
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.text}`)
    return result.value as T
  }

  /** Puts another tab in front. */
  async hide(): Promise<void> {
    const { targetId } = (await this.#send('Target.createTarget', { url: 'about:blank' })) as { targetId: string }
    await this.#send('Target.activateTarget', { targetId })
  }

  /** Stops the whole browser: nothing closes, nothing is sent any more, as when its network dies. Returns what lets it go on. */
  die(): () => void {
    const { pid } = this.#browser
    if (pid === undefined) throw new Error('the browser has not started')
    process.kill(-pid, 'SIGSTOP')
    return () => process.kill(-pid, 'SIGCONT')
  }

  /** Kills the browser: nothing of it is needed any more, and asked to close it may be gone before it has answered. */
  async close(): Promise<void> {
    const { pid, exitCode, signalCode } = this.#browser
    if (pid !== undefined && exitCode === null && signalCode === null) {
      const ended = new Promise((resolve) => this.#browser.once('exit', resolve))
      process.kill(-pid, 'SIGKILL')
      await ended
    }
    this.#socket.close()
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }

  /** What is evaluated while a page goes away fails; the new page knows nothing of the mark. */
  async #load(method: string, params: object = {}): Promise<void> {
    await this.evaluate('window.former = true')
    await this.#send(method, params, this.#session)
    const loaded = () => this.evaluate<boolean>('!window.former && document.readyState === "complete"').catch(() => false)
    for (const until = Date.now() + 4 * patience; !(await loaded()); ) {
      if (Date.now() > until) throw new Error(`${method}: the page does not load`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  #send(method: string, params: object = {}, sessionId?: string): Promise<unknown> {
    const id = ++this.#last
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.#waiting.delete(id)
        reject(new Error(`the browser does not answer ${method}`))
      }, patience)
      this.#waiting.set(id, {
        resolve: (result) => {
          clearTimeout(late)
          resolve(result)
        },
        reject: (error) => {
          clearTimeout(late)
          reject(error)
        },
      })
      this.#socket.send(JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }))
    })
  }
}
