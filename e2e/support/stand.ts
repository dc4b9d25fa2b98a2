import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from '@playwright/test'

const root = join(import.meta.dirname, '../..')

/** What the stand says when it is ready; see e2e/stand/control.go. */
export interface StandInfo {
  control: string
  urls: string[]
  people: Person[]
  callers: Caller[]
  crm: Crm
}

/** A customer system that nobody has connected yet, with one customer. */
export interface Crm {
  url: string
  token: string
  name: string
  number: string
}

export interface Person {
  login: string
  name: string
  password: string
  role: 'OPERATOR' | 'SUPERVISOR' | 'ADMIN'
}

/** A customer of the simulated 1C who can call. */
export interface Caller {
  name: string
  company: string
  number: string
  case: string
}

/** Builds the program of stands, for this process and those it starts; returns what removes it. */
export function buildStand(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'pult-stand-'))
  const binary = join(folder, 'stand')
  execFileSync('go', ['build', '-o', binary, './e2e/stand'], { cwd: root, stdio: 'inherit' })
  process.env['STAND_PROGRAM'] = binary
  return () => rmSync(folder, { recursive: true })
}

/** Starts a stand and waits until it is ready. */
export async function startStand(args: string[]): Promise<{ info: StandInfo; stop: () => Promise<void> }> {
  // It ends when its standard input closes, that is, when we end, however that is.
  const child = spawn(process.env['STAND_PROGRAM'] ?? '', args, { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const line = await Promise.race([
    new Promise<string>((resolve) => createInterface(child.stdout).once('line', resolve)),
    ended.then((code) => {
      throw new Error(`the stand ended with ${code}`)
    }),
  ])
  return {
    info: JSON.parse(line) as StandInfo,
    stop: async () => {
      child.stdin.end()
      const code = await ended
      if (code !== 0) throw new Error(`the stand ended with ${code}`)
    },
  }
}

/** Everything around the browser: customers at the carrier's end, 1C, and the servers to be mistreated. */
export class Stand {
  readonly info: StandInfo
  readonly #customers: Customer[] = []
  #rescueChanged = false

  constructor(info: StandInfo) {
    this.info = info
  }

  person(login: string): Person {
    const found = this.info.people.find((p) => p.login === login)
    if (!found) throw new Error(`nobody is ${login}`)
    return found
  }

  /** A customer of 1C by what their number shows. */
  caller(kind: string): Caller {
    const found = this.info.callers.find((c) => c.case === kind)
    if (!found) throw new Error(`no caller for ${kind}`)
    return found
  }

  /** A customer calls a queue. They say a tone of 440 Hz unless told otherwise. */
  call(request: { from?: string; name?: string; queue?: string; tone?: number; still?: boolean; keep?: readonly number[] }): Promise<Customer> {
    return this.#customer({ queue: 'support', tone: customerTone, ...request })
  }

  /** A customer who will be called: rings, then answers with a SIP status (200). */
  callee(request: { ringMs?: number; code?: number; tone?: number } = {}): Promise<Customer> {
    return this.#customer({ tone: customerTone, ...request })
  }

  async #customer(request: object): Promise<Customer> {
    const { id } = (await this.request('POST', '/calls', request)) as { id: string }
    const customer = new Customer(this, id)
    this.#customers.push(customer)
    return customer
  }

  /** How 1C answers from now on. */
  async oneC(behaviour: { delayMs?: number; mode?: 'ok' | 'html' | '401' | '500' | 'truncated' | 'closed' } = {}): Promise<void> {
    await this.request('POST', '/onec', behaviour)
  }

  /** What 1C was asked so far. */
  async asked(): Promise<string[]> {
    return (await this.request('GET', '/onec')) as string[]
  }

  /** The documents of calls in 1C. */
  async documents(): Promise<Record<string, unknown>[]> {
    return (await this.request('GET', '/onec/calls')) as Record<string, unknown>[]
  }

  async pult(what: 'stop' | 'kill' | 'start' | 'restart', n = 0): Promise<void> {
    await this.request('POST', `/pult/${n}/${what}`)
  }

  async asterisk(what: 'kill' | 'restart' | 'hang' | 'resume'): Promise<void> {
    await this.request('POST', `/asterisk/${what}`)
  }

  /** Asks Asterisk itself. */
  async asteriskCli(command: string): Promise<string> {
    const response = await fetch(`${this.info.control}/asterisk/cli`, { method: 'POST', body: command })
    const text = await response.text()
    if (!response.ok) throw new Error(`${command}: ${text}`)
    return JSON.parse(text) as string
  }

  /** How many channels there are in each conversation, the largest first: the music's bridge is none. */
  async conversations(): Promise<number[]> {
    const bridges = (await this.asteriskCli('bridge show all')).matchAll(/\s(\d+)\s+stasis\s+(\S+)/g)
    return [...bridges]
      .filter(([, members, technology]) => technology !== 'holding_bridge' && members !== '0')
      .map(([, members]) => Number(members))
      .sort((a, b) => b - a)
  }

  /** Asterisk's channels, and in which bridge each is. */
  async channels(): Promise<{ name: string; bridge: string; up: boolean }[]> {
    const lines = (await this.asteriskCli('core show channels concise')).split('\n')
    return lines.flatMap((line) => {
      const fields = line.split('!')
      const [name, , , , state] = fields
      return name === undefined || fields.length < 14 ? [] : [{ name, up: state === 'Up', bridge: fields.at(-2) ?? '' }]
    })
  }

  /** How long a lost call is kept for its operator, in seconds, for those who sign in from now on; until the end of the story. */
  async rescueFor(seconds: number): Promise<void> {
    this.#rescueChanged = true
    await this.request('POST', '/queues/support/rescue', { seconds })
  }

  /** What Asterisk's console answers to a command. */
  async asteriskSays(command: string): Promise<string> {
    const response = await fetch(`${this.info.control}/asterisk/cli`, { method: 'POST', body: command })
    if (!response.ok) throw new Error(await response.text())
    return (await response.json()) as string
  }

  async log(name: string): Promise<string> {
    return await (await fetch(`${this.info.control}/logs/${name}`)).text()
  }

  /** Ends what a story left: customers go away, 1C is well again. */
  async tidy(): Promise<void> {
    for (const customer of this.#customers.splice(0)) await customer.goAway()
    await this.oneC()
    if (this.#rescueChanged) await this.rescueFor(usualRescue)
    this.#rescueChanged = false
  }

  async request(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(this.info.control + path, { method, ...(body ? { body: JSON.stringify(body) } : {}) })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }
}

/** As a new installation has it. */
const usualRescue = 30

/** What operators say into their microphones, what customers say, and the music on hold: tones of so many hertz. */
export const operatorTone = 1000
export const customerTone = 440
export const musicTone = 600
/** A second operator's voice, and an outside party's. */
export const colleagueTone = 1400
export const outsideTone = 1850
export const tones: readonly number[] = [operatorTone, colleagueTone, customerTone, outsideTone, musicTone]

interface CallState {
  events: { kind: string; detail: string; at: string }[]
  digits: string
  hears: Record<string, boolean>
  silent: boolean
  packets: number
  lost: number
  gapMs: number
}

/** A customer at the carrier's end: what becomes of the call there, and what is heard there. */
export class Customer {
  readonly #stand: Stand
  readonly #id: string

  constructor(stand: Stand, id: string) {
    this.#stand = stand
    this.#id = id
  }

  async state(...tones: number[]): Promise<CallState> {
    const query = tones.map((tone) => `tone=${tone}`).join('&')
    return (await this.#stand.request('GET', `/calls/${this.#id}?${query}`)) as CallState
  }

  /** When packets came with each of the tones in them, after a moment: milliseconds of Unix time. Only of tones that the call was to `keep`. */
  async kept(after: number, ...tones: number[]): Promise<Record<number, number[]>> {
    const query = tones.map((tone) => `&tone=${tone}`).join('')
    return (await this.#stand.request('GET', `/calls/${this.#id}/kept?after=${after}${query}`)) as Record<number, number[]>
  }

  /** Hangs up, gives up waiting, or answers: whatever is next. */
  async next(): Promise<void> {
    await this.#stand.request('POST', `/calls/${this.#id}/next`)
  }

  /** Lets nothing at all come from the customer, not even silence; or ends that. */
  async still(still: boolean): Promise<void> {
    await this.#stand.request('POST', `/calls/${this.#id}/still`, { still })
  }

  async goAway(): Promise<void> {
    await this.#stand.request('DELETE', `/calls/${this.#id}`)
  }

  /** Waits until the call has come so far: ringing, answered, ended, … (lab.Event). */
  async reaches(kind: string, timeout = 10_000): Promise<void> {
    await expect
      .poll(async () => (await this.state()).events.map((e) => e.kind), { message: `the call is to be ${kind}`, timeout, intervals })
      .toContain(kind)
  }

  async kinds(): Promise<string[]> {
    return (await this.state()).events.map((e) => e.kind)
  }

  /** Waits until a tone is heard, and no other. */
  async hears(tone: number, timeout = 10_000): Promise<void> {
    await this.hearsOnly([tone], timeout)
  }

  /** Waits until these tones are heard, and no other. */
  async hearsOnly(wanted: readonly number[], timeout = 10_000): Promise<void> {
    const message = `the customer is to hear ${wanted.join(' and ')} Hz`
    await expect.poll(() => this.#hearsNow(), { message, timeout, intervals }).toEqual(tones.filter((tone) => wanted.includes(tone)))
  }

  /** Waits until the music on hold is heard, and nothing of the operator. */
  async hearsMusic(timeout = 10_000): Promise<void> {
    await this.hears(musicTone, timeout)
  }

  /** Waits until nothing is heard. */
  async hearsNothing(timeout = 10_000): Promise<void> {
    await expect.poll(() => this.#hearsNow(), { message: 'the customer is to hear nothing', timeout, intervals }).toBe('nothing')
  }

  /** Which of the tones of this stand are heard. */
  async #hearsNow(): Promise<number[] | 'nothing'> {
    const state = await this.state(...tones)
    return state.silent ? 'nothing' : tones.filter((tone) => state.hears[String(tone)])
  }

  /** Waits until exactly these keys have been pressed at the other end (RFC 4733). */
  async getsDigits(digits: string): Promise<void> {
    await expect.poll(async () => (await this.state()).digits, { message: 'digits', intervals }).toBe(digits)
  }
}

const intervals = [50, 100, 100, 200]
