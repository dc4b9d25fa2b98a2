import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { credentials, fakeStream } from '@/testing/app'
import type { UaEvent } from './types'
import { plainTimers } from '@/lib/timers'
import type { PhoneSocket } from './ua-socket'
import { makeUa } from './ua'

// JsSIP itself is proven end to end with a real Asterisk; here it is what we do with it.
class FakeAgent extends EventEmitter {
  static last: FakeAgent
  readonly configuration: Record<string, unknown>
  readonly done: string[] = []
  connected = true
  /** Answers a sign of life at once. */
  alive = true
  readonly transport = { connect: () => this.done.push('connect') }
  options:
    { eventHandlers: { succeeded: () => void; failed: (event: { response: object | null }) => void } } | undefined

  constructor(configuration: Record<string, unknown>) {
    super()
    this.configuration = configuration
    FakeAgent.last = this
  }

  start() {
    this.done.push('start')
  }
  stop() {
    this.done.push('stop')
  }
  register() {
    this.done.push('register')
  }
  isConnected() {
    return this.connected
  }
  sendOptions(_target: string, _body: string, options: FakeAgent['options']) {
    this.options = options
    if (this.alive) options?.eventHandlers.succeeded()
  }
}

class FakeSession extends EventEmitter {
  readonly id: string
  readonly done: unknown[][] = []
  established = false
  ended = false

  constructor(id: string) {
    super()
    this.id = id
  }
  isEnded() {
    return this.ended
  }
  isEstablished() {
    return this.established
  }
  muted = false
  connection: { getSenders: () => unknown[] } | undefined
  isMuted() {
    return { audio: this.muted }
  }
  answer(options: unknown) {
    this.done.push(['answer', options])
  }
  terminate(options?: unknown) {
    this.done.push(options === undefined ? ['terminate'] : ['terminate', options])
  }
  renegotiate(options: unknown) {
    this.done.push(['renegotiate', options])
  }
  mute(what: unknown) {
    this.done.push(['mute', what])
  }
  unmute(what: unknown) {
    this.done.push(['unmute', what])
  }
}

vi.mock('jssip', () => ({
  get UA() {
    return FakeAgent
  },
  WebSocketInterface: class {
    isConnected() {
      return true
    }
    disconnect() {}
  },
}))

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function startUa() {
  const ua = makeUa(plainTimers)
  const events: UaEvent[] = []
  ua.listen((event) => events.push(event))
  ua.start(credentials)
  const agent = FakeAgent.last
  const dropped: unknown[][] = []
  const [socket] = agent.configuration['sockets'] as [PhoneSocket]
  Object.assign(socket, { ondisconnect: (...how: unknown[]) => dropped.push(how) })
  const invite = (headers: Record<string, string>, id = 's1') => {
    const session = new FakeSession(id)
    agent.emit('newRTCSession', {
      originator: 'remote',
      session,
      request: { getHeader: (name: string) => headers[name] },
    })
    return session
  }
  const pass = (seconds: number) => vi.advanceTimersByTime(seconds * 1000)
  return { ua, events, agent, dropped, invite, pass }
}

test('signs in with the digest and nothing that could drop a call by itself', () => {
  const { agent } = startUa()
  expect(agent.configuration).toMatchObject({
    uri: 'sip:op-1@pbx.example',
    authorization_user: 'op-1',
    realm: 'asterisk',
    ha1: credentials.ha1,
    register_expires: 60,
    session_timers: false,
    no_answer_timeout: 3600,
  })
  expect(agent.configuration).not.toHaveProperty('password')
  expect(agent.done).toEqual(['start'])
})

test('pairs an INVITE with the call of the feed, and knows when it is to be answered at once', () => {
  const { events, invite } = startUa()
  invite({ 'X-Pult-Call': 'c1' })
  invite({ 'X-Pult-Call': 'c2', 'X-Pult-Auto-Answer': '1' }, 's2')
  invite({}, 's3')
  expect(events).toEqual([
    { type: 'ua.incoming', session: 's1', callId: 'c1', autoAnswer: false },
    { type: 'ua.incoming', session: 's2', callId: 'c2', autoAnswer: true },
    { type: 'ua.incoming', session: 's3', callId: '', autoAnswer: false },
  ])
})

/** What a session was answered with. */
function microphoneOf(session: FakeSession): MediaStreamTrack | undefined {
  const [, options] = session.done.find(([what]) => what === 'answer') ?? []
  return (options as { mediaStream: MediaStream } | undefined)?.mediaStream.getAudioTracks()[0]
}

test('answers with the microphone that is already open, as a copy: each session is muted by itself', () => {
  const { ua, invite } = startUa()
  const [first, second] = [invite({ 'X-Pult-Call': 'c1' }), invite({ 'X-Pult-Call': 'c2' }, 's2')]
  const stream = fakeStream()
  ua.answer('s1', stream)
  ua.answer('s2', stream)
  expect(first.done).toMatchObject([
    ['answer', { mediaConstraints: { audio: true, video: false }, pcConfig: { iceServers: [] } }],
  ])
  const [shared] = stream.getAudioTracks()
  expect(new Set([shared, microphoneOf(first), microphoneOf(second)]).size).toBe(3)
  first.emit('ended', { cause: 'Terminated', originator: 'remote' })
  expect(microphoneOf(first)?.readyState).toBe('ended')
  expect(microphoneOf(second)?.readyState).toBe('live')
  expect(shared?.readyState).toBe('live') // whoever opened it closes it
})

test('tells the voice of the far side, the acceptance and the end, once', () => {
  const { events, invite } = startUa()
  const session = invite({ 'X-Pult-Call': 'c1' })
  events.length = 0
  const connection = new EventTarget()
  session.emit('peerconnection', { peerconnection: connection })
  const stream = fakeStream()
  connection.dispatchEvent(Object.assign(new Event('track'), { track: {}, streams: [stream] }))
  session.emit('confirmed', {})
  session.emit('ended', { cause: 'Terminated', originator: 'remote' })
  session.emit('failed', { cause: 'Terminated', originator: 'remote' })
  expect(events).toEqual([
    { type: 'ua.stream', session: 's1', stream },
    { type: 'ua.accepted', session: 's1' },
    { type: 'ua.ended', session: 's1', cause: 'Terminated', byUs: false },
  ])
})

test('refuses a second call as busy', () => {
  const { ua, invite } = startUa()
  const session = invite({ 'X-Pult-Call': 'c2' })
  ua.reject('s1')
  expect(session.done).toEqual([['terminate', { status_code: 486, reason_phrase: 'Busy Here' }]])
})

test('mutes and unmutes an established session only', () => {
  const { ua, invite } = startUa()
  const session = invite({ 'X-Pult-Call': 'c1' })
  ua.setMuted('s1', true)
  expect(session.done).toEqual([])
  session.established = true
  ua.setMuted('s1', true)
  ua.setMuted('s1', false)
  expect(session.done).toEqual([
    ['mute', { audio: true }],
    ['unmute', { audio: true }],
  ])
})

test.each([true, false])('another microphone is silent when the call is muted (%s)', (muted) => {
  const { ua, invite } = startUa()
  const session = invite({ 'X-Pult-Call': 'c1' })
  const replaceTrack = vi.fn(async () => {})
  ua.replaceMicrophone('s1', fakeStream()) // no connection yet
  session.connection = { getSenders: () => [{ track: null }, { track: { kind: 'audio' }, replaceTrack }] }
  session.muted = muted
  ua.answer('s1', fakeStream())
  ua.replaceMicrophone('s1', fakeStream())
  const [[track] = []] = replaceTrack.mock.calls as unknown as MediaStreamTrack[][]
  expect(track).toMatchObject({ enabled: !muted, readyState: 'live' })
  expect(microphoneOf(session)?.readyState).toBe('ended') // the former
  expect(session.done).toHaveLength(1) // nothing is signalled but the answer
  session.emit('ended', { cause: 'Terminated', originator: 'remote' })
  expect(track?.readyState).toBe('ended')
})

test('after a lost connection the talk is renegotiated, once: else a hang-up from the PBX no longer arrives', () => {
  const { agent, events, invite } = startUa()
  agent.emit('registered', {})
  const session = invite({ 'X-Pult-Call': 'c1' })
  session.established = true
  agent.emit('registered', {}) // an ordinary refresh
  expect(session.done).toEqual([])
  agent.emit('disconnected', {})
  agent.emit('registered', {})
  agent.emit('registered', {})
  expect(session.done).toEqual([['renegotiate', { rtcOfferConstraints: { iceRestart: true } }]])
  expect(events.filter(({ type }) => type === 'ua.disconnected')).toHaveLength(1)
})

describe('a voice that gets through no more, as after a change of networks,', () => {
  const talk = () => {
    const all = startUa()
    const session = all.invite({})
    session.established = true
    const connection = Object.assign(new EventTarget(), { iceConnectionState: 'connected' })
    session.emit('peerconnection', { peerconnection: connection })
    const becomes = (state: string) => {
      connection.iceConnectionState = state
      connection.dispatchEvent(new Event('iceconnectionstatechange'))
    }
    return { ...all, session, connection, becomes }
  }
  const restart = ['renegotiate', { rtcOfferConstraints: { iceRestart: true } }]

  test.each(['disconnected', 'failed'])(
    'is %s: new ways are looked for at once, over the standing connection',
    (state) => {
      const { session, becomes, dropped, pass } = talk()
      becomes('checking')
      becomes('connected')
      expect(session.done).toEqual([])
      becomes(state)
      expect(session.done).toEqual([restart])
      pass(60)
      expect(dropped).toEqual([])
    },
  )

  test('together with the signalling: the connection is given up soon', () => {
    const { agent, session, becomes, dropped, pass } = talk()
    agent.alive = false
    becomes('disconnected')
    pass(2.4)
    expect(dropped).toEqual([])
    pass(0.2)
    expect(dropped).toHaveLength(1)
    // JsSIP ends its question with the connection. An offer now would end the call: it cannot be sent.
    agent.options?.eventHandlers.failed({ response: null })
    expect(session.done).toEqual([])
    agent.emit('disconnected', {})
    agent.emit('registered', {})
    expect(session.done).toEqual([restart])
  })

  test('shortens the wait for a sign of life that was asked for before', () => {
    const { agent, ua, becomes, dropped, pass } = talk()
    agent.alive = false
    ua.probe()
    pass(1)
    becomes('disconnected')
    pass(2.6)
    expect(dropped).toHaveLength(1)
    pass(60)
    expect(dropped).toHaveLength(1)
  })

  test('and is back before the sign of life: nothing is touched', () => {
    const { agent, session, becomes, dropped, pass } = talk()
    agent.alive = false
    becomes('disconnected')
    pass(2)
    becomes('connected')
    agent.options?.eventHandlers.succeeded()
    pass(60)
    expect(session.done).toEqual([])
    expect(dropped).toEqual([])
  })

  test('of a call that is not answered yet, or whose phone is elsewhere now, is left alone', () => {
    const { ua, agent, session, becomes } = talk()
    session.established = false
    becomes('failed')
    expect(agent.options).toBeUndefined()
    session.established = true
    ua.answer(session.id, fakeStream())
    session.done.length = 0
    ua.rest()
    becomes('failed')
    expect(session.done).toEqual([])
  })
})

describe('a sign of life', () => {
  test('that was asked for on a connection that is gone does not end the next one', () => {
    const { ua, agent, dropped, pass } = startUa()
    agent.alive = false
    ua.probe()
    agent.emit('disconnected', {})
    agent.emit('registered', {})
    pass(10)
    expect(dropped).toEqual([])
  })

  test('that comes leaves the connection alone', () => {
    const { ua, agent, dropped, pass } = startUa()
    agent.alive = false
    ua.probe()
    agent.options?.eventHandlers.failed({ response: {} }) // a refusal is a sign, too
    pass(10)
    expect(dropped).toEqual([])
  })

  test('that does not come drops the connection, so that it is made anew', () => {
    const { ua, agent, dropped, pass } = startUa()
    agent.alive = false
    ua.probe()
    ua.probe()
    pass(5)
    expect(dropped).toEqual([[true, 4000, 'no sign of life']])
  })

  test('is asked for with every renewal: JsSIP leaves a dead connection as it is', () => {
    const { agent, dropped, pass } = startUa()
    agent.emit('registered', {})
    pass(20)
    agent.alive = false
    pass(15)
    expect(dropped).toHaveLength(1)
  })
})

describe('a registration over a new connection', () => {
  test('that nobody answers gives the connection up for another one: Asterisk answers nothing while it starts', () => {
    const { agent, dropped, pass } = startUa()
    agent.emit('connected', {})
    pass(2.9)
    expect(dropped).toEqual([])
    pass(0.1)
    expect(dropped).toHaveLength(1)
    expect(agent.done).toContain('connect')
  })

  test('is waited for longer each time, until there is an answer again', () => {
    const { agent, dropped, pass } = startUa()
    for (const [turn, seconds] of [3, 6, 12, 15, 15].entries()) {
      agent.emit('connected', {})
      pass(seconds - 0.1)
      expect(dropped).toHaveLength(turn)
      pass(0.1)
      expect(dropped).toHaveLength(turn + 1)
    }
    agent.emit('connected', {})
    agent.emit('registered', {})
    agent.emit('connected', {})
    pass(3)
    expect(dropped).toHaveLength(6)
  })

  test.each(['registered', 'registrationFailed', 'disconnected'])('is waited for until %s', (event) => {
    const { agent, dropped, pass } = startUa()
    agent.emit('connected', {})
    agent.emit(event, {})
    pass(100)
    expect(dropped).toEqual([])
  })
})

test('stopping ends what there is and tells it', () => {
  const { ua, agent, events, invite } = startUa()
  invite({ 'X-Pult-Call': 'c1' })
  ua.stop()
  expect(agent.done).toEqual(['start', 'stop'])
  expect(events.at(-1)).toEqual({ type: 'ua.ended', session: 's1', cause: 'Terminated', byUs: true })
  ua.stop()
  ua.answer('s1', fakeStream())
  expect(agent.done).toEqual(['start', 'stop'])
})

describe('a phone that is taken elsewhere', () => {
  test('rests: it renews nothing and hears nothing, and its voice goes on until the far side ends it', () => {
    const { ua, agent, events, invite, pass } = startUa()
    agent.emit('registered', {})
    const session = invite({ 'X-Pult-Call': 'c1' })
    ua.answer('s1', fakeStream())
    events.length = 0
    ua.rest()
    pass(300)
    agent.emit('registrationFailed', { cause: 'Rejected' }) // its secret is void
    agent.emit('disconnected', {})
    const late = invite({ 'X-Pult-Call': 'c2' }, 's2')
    expect(late.done).toEqual([['terminate']])
    expect(events).toEqual([])
    expect(agent.done).toEqual(['start'])
    expect(session.done).toHaveLength(1)
    session.established = true
    ua.setMuted('s1', true) // it is still commanded
    expect(session.done.at(-1)).toEqual(['mute', { audio: true }])
    session.emit('ended', { cause: 'Terminated', originator: 'remote' })
    expect(events).toEqual([{ type: 'ua.ended', session: 's1', cause: 'Terminated', byUs: false }])
    expect(agent.done).toEqual(['start', 'stop'])
    expect(microphoneOf(session)?.readyState).toBe('ended')
  })

  test('that only rings stops ringing and is gone', () => {
    const { ua, agent, events, invite } = startUa()
    const session = invite({ 'X-Pult-Call': 'c1' })
    ua.rest()
    expect(session.done).toEqual([['terminate']])
    expect(events.at(-1)).toEqual({ type: 'ua.ended', session: 's1', cause: 'Terminated', byUs: true })
    expect(agent.done).toEqual(['start', 'stop'])
  })

  test('and comes back before the voice has gone: the new connection leaves the old one its session', () => {
    const { ua, agent: old, events, invite } = startUa()
    const session = invite({ 'X-Pult-Call': 'c1' })
    ua.answer('s1', fakeStream())
    ua.start(credentials)
    const agent = FakeAgent.last
    expect(agent).not.toBe(old)
    expect(old.done).toEqual(['start'])
    agent.emit('registered', {})
    session.emit('ended', { cause: 'Terminated', originator: 'remote' })
    expect(old.done).toEqual(['start', 'stop'])
    expect(agent.done).toEqual(['start'])
    expect(events.at(-1)).toMatchObject({ type: 'ua.ended', session: 's1' })
  })

  test('ends with everything when the person signs out', () => {
    const { ua, agent, events, invite } = startUa()
    const session = invite({ 'X-Pult-Call': 'c1' })
    ua.answer('s1', fakeStream())
    ua.rest()
    ua.stop()
    expect(agent.done).toEqual(['start', 'stop'])
    expect(events.at(-1)).toEqual({ type: 'ua.ended', session: 's1', cause: 'Terminated', byUs: true })
    expect(microphoneOf(session)?.readyState).toBe('ended')
  })
})

test('renews the registration by timers that hidden pages do not slow down', () => {
  const { ua, agent, pass } = startUa() // 60 s
  pass(100)
  expect(agent.done).toEqual(['start']) // never registered: nothing to renew
  agent.emit('registered', {})
  pass(20)
  expect(agent.done).toEqual(['start'])
  pass(10)
  expect(agent.done).toEqual(['start', 'register'])
  pass(30)
  expect(agent.done).toEqual(['start', 'register', 'register'])
  agent.emit('disconnected', {})
  pass(100)
  expect(agent.done).toEqual(['start', 'register', 'register'])
  ua.stop()
  expect(vi.getTimerCount()).toBe(0)
})

test('JsSIP’s own timers for connecting and registering again do nothing', () => {
  const { agent } = startUa()
  expect(agent.configuration).toMatchObject({
    connection_recovery_min_interval: 1_000_000,
    connection_recovery_max_interval: 1_000_000,
  })
  expect(agent.listenerCount('registrationExpiring')).toBe(1) // who listens is told instead
})

test('a computer that slept is asked whether its connection still lives', () => {
  const { agent, pass } = startUa()
  agent.emit('registered', {})
  pass(20)
  expect(agent.options).toBeUndefined()
  vi.setSystemTime(Date.now() + 3_600_000)
  agent.emit('registered', {}) // so that no renewal is due
  pass(10)
  expect(agent.options).toBeDefined()
})

test('connects again when it is told to', () => {
  const { ua, agent } = startUa()
  ua.connect()
  ua.stop()
  ua.connect()
  expect(agent.done).toEqual(['start', 'connect', 'stop'])
})

test('registers again only over a standing connection', () => {
  const { ua, agent } = startUa()
  ua.register()
  agent.connected = false
  ua.register()
  expect(agent.done).toEqual(['start', 'register'])
})
