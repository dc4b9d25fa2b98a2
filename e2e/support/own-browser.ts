import { execFileSync } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserServer } from '@playwright/test'
import { chromiumArgs, chromiumPath } from '../playwright.config.ts'

/** The other host of scripts/netns, and what stands on the near end of its cable. */
const far = { host: '10.99.1.2', later: '10.99.1.3', near: '10.99.1.1' }
/** Nobody has this hardware address: what is sent there gets lost, and neither end is told. */
const nobody = '02:00:00:00:00:99'

export interface OwnOptions {
  /** The microphone is given to whom it is granted (BrowserContext.grantPermissions) only; other browsers give it to everybody. */
  asks?: boolean
}

/** A browser in a group of processes of its own, which can die as one; on this host, or on another one whose network can fail. */
export class OwnBrowser {
  readonly browser: Browser
  readonly #server: BrowserServer

  protected constructor(server: BrowserServer, browser: Browser) {
    this.#server = server
    this.browser = browser
  }

  static async start({ asks = false }: OwnOptions = {}): Promise<OwnBrowser> {
    const args = chromiumArgs.filter((arg) => !asks || arg !== '--use-fake-ui-for-media-stream')
    const server = await chromium.launchServer({ executablePath: chromiumPath, args })
    return new OwnBrowser(server, await chromium.connect(server.wsEndpoint()))
  }

  /** As a crash, or an operator who holds the power button: nothing is closed, nothing is said any more. */
  async kill(): Promise<void> {
    const { pid } = this.#server.process()
    if (pid === undefined) throw new Error('the browser has not started')
    const gone = new Promise<void>((resolve) => this.browser.once('disconnected', () => resolve()))
    process.kill(-pid, 'SIGKILL')
    await gone
  }

  async close(): Promise<void> {
    await this.#server.close()
  }
}

/** A browser on another host: its network can fail, or change. */
export class FarBrowser extends OwnBrowser {
  static override async start(): Promise<FarBrowser> {
    const server = await chromium.launchServer({
      executablePath: join(import.meta.dirname, 'far-chromium'),
      // Browsers give the microphone to localhost, and the server is there for the near ones.
      args: [...chromiumArgs, `--host-resolver-rules=MAP localhost ${far.near}`],
      env: { ...process.env, PULT_CHROMIUM: chromiumPath },
    })
    return new FarBrowser(server, await chromium.connect(server.wsEndpoint()))
  }

  /** From now on nothing arrives, either way, and nobody is told, as where a router dies. */
  lose(): void {
    ip(['neigh', 'replace', far.host, 'lladdr', nobody, 'dev', 'far0', 'nud', 'permanent'])
    ipThere(['neigh', 'replace', far.near, 'lladdr', nobody, 'dev', 'far1', 'nud', 'permanent'])
  }

  /** And it arrives again. */
  find(): void {
    ip(['neigh', 'delete', far.host, 'dev', 'far0'])
    ipThere(['neigh', 'delete', far.near, 'dev', 'far1'])
  }

  /** The cable is pulled out: the browser is told. */
  unplug(): void {
    ip(['link', 'set', 'far0', 'down'])
  }

  plug(): void {
    ip(['link', 'set', 'far0', 'up'])
  }

  /** The host gets another address, as in another network, and the former is no more. */
  move(): void {
    ipThere(['address', 'delete', `${far.host}/24`, 'dev', 'far1'])
    ipThere(['address', 'add', `${far.later}/24`, 'dev', 'far1'])
    ipThere(['route', 'replace', 'default', 'via', far.near])
  }
}

const ip = (args: readonly string[]): string => execFileSync('ip', args, { encoding: 'utf8' })

const ipThere = (args: readonly string[]): string =>
  execFileSync('nsenter', [`--net=/proc/${farProcess()}/ns/net`, 'ip', ...args], { encoding: 'utf8' })

/** The first process of the far host. */
function farProcess(): string {
  const here = readlinkSync('/proc/self/ns/net')
  const all = execFileSync('pgrep', ['-f', 'netns --far'], { encoding: 'utf8' }).trim().split('\n')
  const found = all.find((pid) => readlinkSync(`/proc/${pid}/ns/net`) !== here)
  if (found === undefined) throw new Error('there is no far host')
  return found
}
