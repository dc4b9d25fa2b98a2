import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createActor } from 'xstate'
import { plainTimers, clockOf } from '@/lib/timers'
import { credentials, fakeStream } from '@/testing/app'
import { phoneMachine, type PhoneEvent } from './machine'
import {
  MicrophoneError,
  PhoneElsewhereError,
  type Credentials,
  type Ownership,
  type SipUa,
  type UaEvent,
} from './types'
import { phoneView, type PhoneView } from './view'

// Every state of line, microphone, sessions and ownership that any path leads to, walked breadth first: each state is reached by its
// shortest path and left by every step there is. What may not be is asked of every state; that there is a way out, of the whole.

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(1)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** Lets promises run. Far cheaper than the clock, which stands. */
const settle = async () => {
  for (let i = 0; i < 12; i++) await Promise.resolve()
}

/** A user agent that does what JsSIP does with its sessions: what is terminated ends, what rests keeps what was answered. */
class LivelyUa implements Omit<SipUa, 'echo' | 'stats'> {
  readonly sessions = new Map<string, { answered: boolean }>()
  /** It has a connection by which it could ring. */
  running = false
  readonly #listeners = new Set<(event: UaEvent) => void>()

  emit(event: UaEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
  listen(listener: (event: UaEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
  invite(session: string, callId: string, autoAnswer: boolean): void {
    if (!this.running || this.sessions.has(session)) return
    this.sessions.set(session, { answered: false })
    this.emit({ type: 'ua.incoming', session, callId, autoAnswer })
  }
  end(session: string, byUs = true): void {
    if (this.sessions.delete(session)) this.emit({ type: 'ua.ended', session, cause: 'Terminated', byUs })
  }
  start(): void {
    this.rest()
    this.running = true
  }
  connect(): void {}
  register(): void {}
  probe(): void {}
  stop(): void {
    this.running = false
    for (const id of this.sessions.keys()) this.end(id)
  }
  rest(): void {
    this.running = false
    for (const [id, { answered }] of this.sessions) if (!answered) this.end(id)
  }
  answer(session: string): void {
    const found = this.sessions.get(session)
    if (found) found.answered = true
  }
  reject(session: string): void {
    this.end(session)
  }
  terminate(session: string): void {
    this.end(session)
  }
  setMuted(): void {}
  replaceMicrophone(): void {}
}

type Answer = 'gives' | 'refuses'

function makeWorld() {
  // The machine neither measures nor calls the echo.
  const ua = Object.assign(new LivelyUa(), { echo: vi.fn(), stats: vi.fn() })
  const streams: MediaStream[] = []
  const opening: ((answer: Answer) => void)[] = []
  const asked: ((answer: Answer | 'elsewhere') => void)[] = []
  let tell: Parameters<Ownership['claim']>[0] = () => {}
  const actor = createActor(phoneMachine, {
    clock: clockOf(plainTimers),
    input: {
      ua,
      microphone: {
        open: async () =>
          new Promise((resolve, reject) => {
            opening.push((answer) => {
              if (answer === 'refuses') {
                reject(new MicrophoneError('busy'))
                return
              }
              const stream = fakeStream()
              streams.push(stream)
              resolve(stream)
            })
          }),
        watch: () => () => {},
      },
      ownership: {
        claim: (told) => {
          tell = told
          return () => {
            tell = () => {}
          }
        },
        take: () => tell('owned'),
      },
      startPhone: async () =>
        new Promise<Credentials>((resolve, reject) => {
          asked.push((answer) => {
            if (answer === 'gives') resolve(credentials)
            else reject(answer === 'elsewhere' ? new PhoneElsewhereError() : new Error('away'))
          })
        }),
    },
  })
  actor.start()
  return {
    actor,
    ua,
    opening,
    asked,
    own: (state: 'owned' | 'waiting' | 'lost') => tell(state),
    open: () => streams.filter((stream) => stream.getTracks().some((track) => track.readyState === 'live')).length,
  }
}
type World = ReturnType<typeof makeWorld>

const send = (event: PhoneEvent) => (world: World) => world.actor.send(event)
const call = (id: string) => ({ id, over: false, answerRequested: false, muted: false })
const on = (session: string, act: (world: World) => void) => (world: World) => {
  if (world.ua.sessions.has(session)) act(world)
}

/** Everything that can happen, to the phone or by a person. A step that is impossible at the moment does nothing. */
const steps: Record<string, (world: World) => void> = {
  START: send({ type: 'START', take: true }),
  STOP: send({ type: 'STOP' }),
  TAKE_HERE: send({ type: 'TAKE_HERE' }),
  TAKEN_OVER: send({ type: 'TAKEN_OVER' }),
  PROBE: send({ type: 'PROBE' }),
  CHECK_MICROPHONE: send({ type: 'CHECK_MICROPHONE' }),
  'lock owned': ({ own }) => own('owned'),
  'lock waiting': ({ own }) => own('waiting'),
  'lock lost': ({ own }) => own('lost'),
  'server gives': ({ asked }) => asked.shift()?.('gives'),
  'server refuses': ({ asked }) => asked.shift()?.('refuses'),
  'server says elsewhere': ({ asked }) => asked.shift()?.('elsewhere'),
  registered: ({ ua }) => ua.emit({ type: 'ua.registered' }),
  disconnected: ({ ua }) => ua.emit({ type: 'ua.disconnected' }),
  refused: ({ ua }) => ua.emit({ type: 'ua.refused', cause: 'Rejected' }),
  'microphone opens': ({ opening }) => opening.shift()?.('gives'),
  'microphone fails': ({ opening }) => opening.shift()?.('refuses'),
  'c1 rings': ({ ua }) => ua.invite('a', 'c1', false),
  'c1 rings again': ({ ua }) => ua.invite('b', 'c1', true),
  'c2 rings': ({ ua }) => ua.invite('c', 'c2', true),
  'answer c1': send({ type: 'ANSWER', callId: 'c1' }),
  'a accepted': on('a', ({ ua }) => ua.sessions.get('a')?.answered && ua.emit({ type: 'ua.accepted', session: 'a' })),
  'b accepted': on('b', ({ ua }) => ua.sessions.get('b')?.answered && ua.emit({ type: 'ua.accepted', session: 'b' })),
  'c accepted': on('c', ({ ua }) => ua.sessions.get('c')?.answered && ua.emit({ type: 'ua.accepted', session: 'c' })),
  'a ends': ({ ua }) => ua.end('a', false),
  'b ends': ({ ua }) => ua.end('b', false),
  'c ends': ({ ua }) => ua.end('c', false),
  'calls told': send({ type: 'CALLS', calls: [call('c1'), call('c2')] }),
  'calls over': send({ type: 'CALLS', calls: [] }),
}

/** The state, as far as it decides what may happen next. Counts that only stretch delays are left out. */
function keyOf(world: World): string {
  const { value, context } = world.actor.getSnapshot()
  const sessions = [...context.sessions].map(([id, session]) => [id, session.getSnapshot().value])
  const answered = [...world.ua.sessions].map(([id, session]) => [id, session.answered])
  const { wanted, microphoneProblem, calls, credentials: given } = context
  const flags = [wanted, microphoneProblem, [...calls.keys()], given !== undefined, context.failures > 0]
  return JSON.stringify([
    value,
    sessions,
    answered,
    world.ua.running,
    flags,
    world.opening.length > 0,
    world.asked.length > 0,
  ])
}

/** Fails with the path that led to what may not be. */
function expectAll(path: readonly string[], holds: Record<string, boolean>): void {
  const broken = Object.keys(holds).filter((what) => holds[what] !== true)
  expect({ path, broken }).toEqual({ path, broken: [] })
}

/** What holds in every state. */
function check(world: World, path: readonly string[]): void {
  const view: PhoneView = phoneView(world.actor.getSnapshot())
  const voices = view.calls.map(({ voice }) => voice)
  const needed = voices.includes('answering') || voices.includes('live')
  const { sessions } = world.actor.getSnapshot().context
  expectAll(path, {
    'a microphone is open for a voice, one for all, and for nothing else': world.open() <= (needed ? 1 : 0),
    'a voice has a microphone': !voices.includes('live') || world.open() === 1,
    'machine and user agent know the same sessions':
      [...sessions.keys()].toSorted().join(' ') === [...world.ua.sessions.keys()].toSorted().join(' '),
    'there are two calls at most': view.calls.length <= 2,
    'a phone that is off has no call': view.line !== 'off' || view.calls.length === 0,
  })
}

async function follow(path: readonly string[]): Promise<World> {
  const world = makeWorld()
  for (const name of path) {
    steps[name]?.(world)
    await settle()
  }
  return world
}

/** The end of every path: the person signs out. */
async function leave(world: World, path: readonly string[]): Promise<void> {
  world.actor.send({ type: 'STOP' })
  for (const open of world.opening.splice(0)) open('gives')
  for (const give of world.asked.splice(0)) give('gives')
  await vi.advanceTimersByTimeAsync(60_000)
  const { line, calls } = phoneView(world.actor.getSnapshot())
  expectAll(path, {
    'the phone is off': line === 'off',
    'no call is left': calls.length === 0,
    'no microphone is open': world.open() === 0,
    'no session is left': world.ua.sessions.size === 0,
  })
  world.actor.stop()
  vi.clearAllTimers()
}

/** The walk has its bounds by itself, since states are finite; this one only says that it has not run away. */
const mostStates = 20_000

async function walk(names: readonly string[], start: readonly string[]) {
  const first = await follow(start)
  const known = new Map<string, readonly string[]>([[keyOf(first), start]])
  const leads = new Map<string, Set<string>>()
  first.actor.stop()
  for (const [from, path] of known) {
    const left = new Set<string>()
    leads.set(from, left)
    for (const name of names) {
      const next = [...path, name]
      const world = await follow(next)
      check(world, next)
      const to = keyOf(world)
      left.add(to)
      if (known.has(to)) {
        world.actor.stop()
        vi.clearAllTimers()
        continue
      }
      known.set(to, next)
      await leave(world, next)
    }
    expect(known.size).toBeLessThan(mostStates)
  }
  return { known, leads }
}

/** States from which none of the wanted ones is ever reached. */
function stuck({ known, leads }: Awaited<ReturnType<typeof walk>>, wanted: (key: string) => boolean): string[] {
  const good = new Set([...known.keys()].filter(wanted))
  for (let grown = true; grown;) {
    grown = false
    for (const [from, to] of leads) {
      if (good.has(from) || ![...to].some((key) => good.has(key))) continue
      good.add(from)
      grown = true
    }
  }
  return [...known].flatMap(([key, path]) => (good.has(key) ? [] : [path.join(', ')]))
}

const line = Object.keys(steps).slice(0, 15)
const microphone = ['microphone opens', 'microphone fails']

test('registration × ownership × one call: no open microphone, no session left behind, no state without an exit', async () => {
  const found = await walk([...line, ...microphone, 'c1 rings', 'answer c1', 'a accepted', 'a ends'], [])
  expect(found.known.size).toBeGreaterThan(200)
  expect(stuck(found, (key) => key.includes('"online"'))).toEqual([])
}, 600_000)

test('two calls × a voice that moves × media: no open microphone, no session left behind, no state without an exit', async () => {
  const names = ['lock lost', ...microphone, ...Object.keys(steps).slice(17)]
  const found = await walk(names, ['START', 'lock owned', 'server gives', 'registered', 'microphone opens'])
  expect(found.known.size).toBeGreaterThan(200)
  expect(stuck(found, (key) => key.includes('[],[],'))).toEqual([])
}, 600_000)
