import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createActor } from 'xstate'
import { credentials, fakeStream } from '@/testing/app'
import { FakeUa } from './fake-ua'
import { phoneMachine, type PhoneEvent, type PhoneParts } from './machine'
import { MicrophoneError, PhoneElsewhereError, type Credentials, type Ownership, type PhoneCall } from './types'
import { aboutCall, isMoving, phoneView } from './view'

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(1) // back-offs take their longest
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** Lets promises and timers of the machine run. */
const settle = async (milliseconds = 0) => vi.advanceTimersByTimeAsync(milliseconds)

interface Setup {
  session?: (take: boolean) => Promise<Credentials>
  open?: () => Promise<MediaStream>
}

function makePhone({ session = async () => credentials, open = async () => fakeStream() }: Setup = {}) {
  const ua = new FakeUa()
  const streams: MediaStream[] = []
  let tell: Parameters<Ownership['claim']>[0] = () => {}
  let changed: () => void = () => {}
  const parts = {
    ua,
    microphone: {
      open: vi.fn(async () => {
        const stream = await open()
        streams.push(stream)
        return stream
      }),
      watch: (told: () => void) => {
        changed = told
        return () => {}
      },
    },
    ownership: {
      claim: (told: Parameters<Ownership['claim']>[0]) => {
        tell = told
        told('owned')
        return () => {}
      },
      take: vi.fn(() => tell('owned')),
    },
    startPhone: vi.fn(session),
  } satisfies PhoneParts
  const actor = createActor(phoneMachine, { input: parts })
  actor.start()
  return {
    actor,
    parts,
    ua,
    streams,
    view: () => phoneView(actor.getSnapshot()),
    ownership: (state: 'owned' | 'waiting' | 'lost') => tell(state),
    devicesChanged: () => changed(),
    openStreams: () =>
      streams.filter((stream) => stream.getTracks().some((track) => track.readyState === 'live')).length,
  }
}

const call = (id: string, more: Partial<PhoneCall> = {}): PhoneCall => ({
  id,
  over: false,
  answerRequested: false,
  muted: false,
  ...more,
})

async function makeReady(setup?: Setup) {
  const phone = makePhone(setup)
  phone.actor.send({ type: 'START', take: false })
  await settle()
  phone.ua.emit({ type: 'ua.registered' })
  await settle()
  return phone
}

/** A phone in a talk about call c1. */
async function makeTalking(setup?: Setup) {
  const phone = await makeReady(setup)
  phone.actor.send({ type: 'CALLS', calls: [call('c1')] })
  const session = phone.ua.invite('c1')
  phone.actor.send({ type: 'ANSWER', callId: 'c1' })
  await settle()
  phone.ua.emit({ type: 'ua.accepted', session })
  return { ...phone, session }
}

describe('the line', () => {
  test('signs in by itself', async () => {
    const { actor, ua, view } = makePhone()
    expect(view().line).toBe('off')
    actor.send({ type: 'START', take: false })
    await settle()
    expect(view().line).toBe('starting')
    expect(ua.credentials).toEqual(credentials)
    ua.emit({ type: 'ua.registered' })
    expect(view().line).toBe('ready')
  })

  test('asks again, later and later, while the server gives no session', async () => {
    const { actor, parts, view } = makePhone({ session: async () => Promise.reject(new Error('away')) })
    actor.send({ type: 'START', take: false })
    await settle()
    expect(view().line).toBe('unserved')
    await settle(1500)
    expect(parts.startPhone).toHaveBeenCalledTimes(2)
    await settle(2999)
    expect(parts.startPhone).toHaveBeenCalledTimes(2)
    await settle(1)
    expect(parts.startPhone).toHaveBeenCalledTimes(3)
    actor.send({ type: 'PROBE' }) // the network is back
    await settle()
    expect(parts.startPhone).toHaveBeenCalledTimes(4)
  })

  test('a simulated phone signs nothing in and needs no microphone', async () => {
    const { actor, ua, parts, view } = makePhone({ session: async () => ({ ...credentials, simulated: true }) })
    actor.send({ type: 'START', take: false })
    await settle()
    actor.send({ type: 'CHECK_MICROPHONE' })
    await settle()
    expect(view()).toMatchObject({ line: 'simulated', microphone: 'unknown' })
    expect(ua.done).toEqual([])
    expect(parts.microphone.open).not.toHaveBeenCalled()
  })

  test('a lost connection is made again: soon, later and later, and at once when there is reason', async () => {
    const { actor, ua, view } = await makeReady()
    ua.emit({ type: 'ua.disconnected' })
    expect(view().line).toBe('reconnecting')
    await settle(999)
    expect(ua.done).toEqual(['start'])
    await settle(1)
    expect(ua.done).toEqual(['start', 'connect'])
    ua.emit({ type: 'ua.disconnected' }) // the try failed
    await settle(2000)
    expect(ua.done).toEqual(['start', 'connect', 'connect'])
    actor.send({ type: 'PROBE' })
    expect(ua.done).toEqual(['start', 'connect', 'connect', 'connect'])
    await settle(60_000) // a try that nothing is heard of is not the last
    expect(ua.done.length).toBeGreaterThan(10)
    ua.emit({ type: 'ua.registered' })
    expect(view().line).toBe('ready')
    const tried = ua.done.length
    await settle(600_000)
    expect(ua.done).toHaveLength(tried)

    ua.emit({ type: 'ua.disconnected' })
    await settle(1000) // soon again
    expect(ua.done).toHaveLength(tried + 1)
  })

  test('a PBX that is away at the start is tried again', async () => {
    const { actor, ua, view } = makePhone()
    actor.send({ type: 'START', take: false })
    await settle()
    ua.emit({ type: 'ua.disconnected' })
    expect(view().line).toBe('reconnecting')
    await settle(1000)
    expect(ua.done).toEqual(['start', 'connect'])
  })

  test('refused after a restart of the PBX: registers again until the account is back', async () => {
    const { actor, ua, view } = await makeReady()
    ua.emit({ type: 'ua.disconnected' })
    ua.emit({ type: 'ua.refused', cause: 'Rejected' })
    expect(view().line).toBe('reconnecting')
    await settle(999)
    expect(ua.done).toEqual(['start'])
    await settle(1)
    expect(ua.done).toEqual(['start', 'register'])
    ua.emit({ type: 'ua.refused', cause: 'Rejected' })
    await settle(2000)
    expect(ua.done).toEqual(['start', 'register', 'register'])
    ua.emit({ type: 'ua.refused', cause: 'Rejected' })
    actor.send({ type: 'PROBE' })
    expect(ua.done).toEqual(['start', 'register', 'register', 'register'])
    ua.emit({ type: 'ua.registered' })
    expect(view().line).toBe('ready')
  })

  test('refused for long: a new session is asked for', async () => {
    const { ua, parts } = await makeReady()
    for (let i = 0; i < 8; i++) {
      ua.emit({ type: 'ua.refused', cause: 'Rejected' })
      await settle(6000)
    }
    expect(parts.startPhone).toHaveBeenCalledTimes(2)
    expect(ua.done.at(-1)).toBe('start')
  })

  test('refused for long in a talk: the session is kept, for its end would end the talk', async () => {
    const { ua, parts, view } = await makeTalking()
    for (let i = 0; i < 20; i++) {
      ua.emit({ type: 'ua.refused', cause: 'Rejected' })
      await settle(6000)
    }
    expect(parts.startPhone).toHaveBeenCalledTimes(1)
    expect(view().voice).toBe('live')
  })

  test('taken over elsewhere: stops here, and comes back when wanted', async () => {
    const { actor, ua, view, parts } = await makeReady()
    actor.send({ type: 'TAKEN_OVER' })
    expect(view().line).toBe('takenOver')
    expect(ua.done).toEqual(['start', 'rest'])
    actor.send({ type: 'TAKE_HERE' })
    await settle()
    expect(parts.startPhone).toHaveBeenCalledTimes(2)
    expect(ua.done).toEqual(['start', 'rest', 'start'])
  })

  test('a window that slept through its loss does not take the phone back by itself', async () => {
    let elsewhere = false
    const { actor, ua, parts, view } = await makeReady({
      session: async (take) => (elsewhere && !take ? Promise.reject(new PhoneElsewhereError()) : credentials),
    })
    elsewhere = true
    for (let i = 0; i < 8; i++) {
      ua.emit({ type: 'ua.refused', cause: 'Rejected' }) // its secret is void
      await settle(6000)
    }
    expect(view().line).toBe('takenOver')
    expect(parts.startPhone).toHaveBeenLastCalledWith(false)
    const asked = parts.startPhone.mock.calls.length
    await settle(600_000)
    actor.send({ type: 'PROBE' })
    await settle()
    expect(parts.startPhone).toHaveBeenCalledTimes(asked)
    expect(ua.done.at(-1)).toBe('rest')

    actor.send({ type: 'TAKE_HERE' }) // a person's wish
    await settle()
    expect(parts.startPhone).toHaveBeenLastCalledWith(true)
    expect(ua.done.at(-1)).toBe('start')
  })

  test('takes the phone at sign-in, also when the server has to be asked twice, and only then', async () => {
    let away = true
    const { actor, parts, ua, ownership } = makePhone({
      session: async () => (away ? Promise.reject(new Error('away')) : credentials),
    })
    actor.send({ type: 'START', take: true })
    await settle()
    away = false
    await settle(1500)
    expect(parts.startPhone.mock.calls).toEqual([[true], [true]])
    ua.emit({ type: 'ua.registered' })
    ownership('lost')
    ownership('owned') // the other tab was closed
    await settle()
    expect(parts.startPhone).toHaveBeenLastCalledWith(false)
  })

  test('a wish for the phone does not outlive the news that it was taken elsewhere', async () => {
    const { actor, parts, ownership } = makePhone({ session: async () => Promise.reject(new Error('away')) })
    actor.send({ type: 'START', take: true })
    await settle()
    ownership('lost')
    ownership('owned')
    await settle()
    expect(parts.startPhone.mock.calls).toEqual([[true], [false]])
  })

  test('another tab of the browser has the phone: no second one is signed in', async () => {
    const { actor, parts, ua, view, ownership } = makePhone()
    parts.ownership.claim = (told) => {
      told('waiting')
      return () => {}
    }
    actor.send({ type: 'START', take: false })
    await settle()
    expect(view().line).toBe('otherTab')
    expect(parts.startPhone).not.toHaveBeenCalled()
    actor.send({ type: 'TAKE_HERE' })
    expect(parts.ownership.take).toHaveBeenCalled()
    ownership('owned')
    actor.send({ type: 'ownership', state: 'owned' })
    await settle()
    expect(parts.startPhone).toHaveBeenCalledWith(true)
    expect(ua.done).toContain('start')
  })

  test('another tab takes the phone: this one stops, and has it back when the other closes', async () => {
    const { actor, ua, view, ownership } = await makeReady()
    ownership('lost')
    expect(view().line).toBe('otherTab')
    expect(ua.done.at(-1)).toBe('rest')
    actor.send({ type: 'TAKEN_OVER' }) // the server says so as well
    expect(view().line).toBe('otherTab')
    ownership('owned') // that tab was closed
    await settle()
    expect(ua.done.at(-1)).toBe('start')
  })

  test('signing out stops everything', async () => {
    const { actor, ua, view } = await makeReady()
    actor.send({ type: 'STOP' })
    expect(view().line).toBe('off')
    expect(ua.done.at(-1)).toBe('stop')
  })

  test('a probe reaches the user agent only when there is something to probe', async () => {
    const { actor, ua } = await makeReady()
    actor.send({ type: 'PROBE' })
    expect(ua.done.at(-1)).toBe('probe')
    ua.emit({ type: 'ua.disconnected' })
    actor.send({ type: 'PROBE' })
    expect(ua.done.filter((what) => what === 'probe')).toHaveLength(1)
  })
})

describe('the microphone', () => {
  test('is tried at the start and closed again', async () => {
    const { view, parts, openStreams } = await makeReady()
    expect(view().microphone).toBe('ready')
    expect(parts.microphone.open).toHaveBeenCalledTimes(1)
    expect(openStreams()).toBe(0)
  })

  test('says what is wrong, and tries again when devices change', async () => {
    let problem: 'missing' | undefined = 'missing'
    const { view, devicesChanged } = await makeReady({
      open: async () => {
        if (problem) throw new MicrophoneError(problem)
        return fakeStream()
      },
    })
    expect(view().microphone).toBe('missing')
    problem = undefined
    devicesChanged()
    await settle()
    expect(view().microphone).toBe('ready')
  })

  test('that is pulled out is noticed', async () => {
    let there = true
    const { view, devicesChanged } = await makeReady({
      open: async () => (there ? fakeStream() : Promise.reject(new MicrophoneError('missing'))),
    })
    there = false
    devicesChanged()
    await settle()
    expect(view().microphone).toBe('missing')
  })
})

describe('the voice', () => {
  test('rings, is answered with an open microphone, lives, ends', async () => {
    const { actor, ua, view, openStreams } = await makeReady()
    const session = ua.invite('c1')
    expect(view()).toMatchObject({ voice: 'ringing', callId: 'c1' })
    actor.send({ type: 'ANSWER', callId: 'c1' })
    expect(view().voice).toBe('answering')
    await settle()
    expect(ua.done.at(-1)).toBe(`answer ${session}`)
    expect(openStreams()).toBe(1)
    ua.emit({ type: 'ua.accepted', session })
    expect(view().voice).toBe('live')
    ua.emit({ type: 'ua.ended', session, cause: 'Terminated', byUs: false })
    expect(view()).toMatchObject({ voice: 'none', callId: '', trouble: '' })
    expect(openStreams()).toBe(0)
  })

  test('answers only the call that is meant', async () => {
    const { actor, ua, view } = await makeReady()
    ua.invite('c1')
    actor.send({ type: 'ANSWER', callId: 'other' })
    expect(view().voice).toBe('ringing')
  })

  test('is answered by itself when the INVITE says so', async () => {
    const { ua } = await makeReady()
    const session = ua.invite('c1', true)
    await settle()
    expect(ua.done.at(-1)).toBe(`answer ${session}`)
  })

  test.each(['before', 'after'])(
    'is answered when another page of ours asked for it, told %s the INVITE',
    async (order) => {
      const { actor, ua } = await makeReady()
      const asked = { type: 'CALLS', calls: [call('c1', { answerRequested: true })] } as const
      if (order === 'before') actor.send(asked)
      const session = ua.invite('c1')
      if (order === 'after') actor.send(asked)
      await settle()
      expect(ua.done.at(-1)).toBe(`answer ${session}`)
    },
  )

  test('rings on when the microphone cannot be opened, and the next try may succeed', async () => {
    let allowed = false
    const { actor, ua, view } = await makeReady({
      open: async () => (allowed ? fakeStream() : Promise.reject(new MicrophoneError('denied'))),
    })
    const session = ua.invite('c1')
    actor.send({ type: 'ANSWER', callId: 'c1' })
    await settle()
    expect(view()).toMatchObject({ voice: 'unheard', microphone: 'denied' })
    allowed = true
    actor.send({ type: 'ANSWER', callId: 'c1' })
    await settle()
    expect(ua.done.at(-1)).toBe(`answer ${session}`)
    expect(view().microphone).toBe('ready')
  })

  test('a microphone that opens after the caller has gone is closed at once', async () => {
    let opened: (stream: MediaStream) => void = () => {}
    let wait = false
    const { actor, ua, openStreams } = await makeReady({
      open: async () => (wait ? new Promise<MediaStream>((resolve) => (opened = resolve)) : fakeStream()),
    })
    wait = true
    const session = ua.invite('c1')
    actor.send({ type: 'ANSWER', callId: 'c1' })
    ua.emit({ type: 'ua.ended', session, cause: 'Canceled', byUs: false })
    opened(fakeStream())
    await settle()
    expect(openStreams()).toBe(0)
    expect(ua.done).not.toContain(`answer ${session}`)
  })

  test('ends when the feed says that the call is over', async () => {
    const { actor, ua, view, session } = await makeTalking()
    actor.send({ type: 'CALLS', calls: [call('c1', { over: true })] })
    expect(ua.done.at(-1)).toBe(`terminate ${session}`)
    expect(view().voice).toBe('none')
  })

  test('stops ringing when the call leaves to somebody else', async () => {
    const { actor, ua, view } = await makeReady()
    actor.send({ type: 'CALLS', calls: [call('c1')] })
    const session = ua.invite('c1')
    actor.send({ type: 'CALLS', calls: [] })
    expect(ua.done.at(-1)).toBe(`terminate ${session}`)
    expect(view().voice).toBe('none')
  })

  test('an INVITE that comes before the feed’s word is left to ring', async () => {
    const { actor, ua, view } = await makeReady()
    ua.invite('c1')
    actor.send({ type: 'CALLS', calls: [] })
    expect(view().voice).toBe('ringing')
  })

  test('a third call is refused while there are two', async () => {
    const { ua, view } = await makeTalking()
    ua.invite('c2')
    const third = ua.invite('c3')
    expect(ua.done.at(-1)).toBe(`reject ${third}`)
    expect(view().calls.map(({ callId }) => callId)).toEqual(['c1', 'c2'])
  })

  test('the same call rung anew replaces a session that was not heard yet', async () => {
    const { ua, view, openStreams } = await makeReady()
    const session = ua.invite('c1', true)
    await settle()
    const again = ua.invite('c1', true)
    expect(ua.done).toContain(`terminate ${session}`)
    ua.emit({ type: 'ua.ended', session, cause: 'Terminated', byUs: true })
    await settle()
    expect(ua.done.at(-1)).toBe(`answer ${again}`)
    expect(view().calls).toEqual([{ callId: 'c1', voice: 'answering', muted: false }])
    expect(openStreams()).toBe(1)
  })

  test('mutes at once, and keeps it when the feed has not heard of it yet', async () => {
    const { actor, ua, view, session } = await makeTalking()
    actor.send({ type: 'SET_MUTED', callId: 'c1', muted: true })
    expect(ua.done.at(-1)).toBe(`mute ${session}`)
    actor.send({ type: 'CALLS', calls: [call('c1')] })
    expect(view().muted).toBe(true)
  })

  test('follows another page of ours that mutes', async () => {
    const { actor, ua, view, session } = await makeTalking()
    actor.send({ type: 'CALLS', calls: [call('c1', { muted: true })] })
    expect(view().muted).toBe(true)
    expect(ua.done.at(-1)).toBe(`mute ${session}`)
    actor.send({ type: 'CALLS', calls: [call('c1')] })
    expect(ua.done.at(-1)).toBe(`unmute ${session}`)
  })

  test('a call that was muted stays muted on a new session', async () => {
    const { actor, ua } = await makeReady()
    actor.send({ type: 'CALLS', calls: [call('c1', { muted: true })] })
    const session = ua.invite('c1', true)
    await settle()
    ua.emit({ type: 'ua.accepted', session })
    expect(ua.done.at(-1)).toBe(`mute ${session}`)
  })

  test('says why it broke, until the next call', async () => {
    const { ua, view, session } = await makeTalking()
    ua.emit({ type: 'ua.ended', session, cause: 'RTP Timeout', byUs: false })
    expect(view().trouble).toBe('RTP Timeout')
    ua.invite('c2')
    expect(view().trouble).toBe('')
  })
})

describe('two calls', () => {
  /** In a talk about c1, and then about c2 beside it. */
  async function makeTwo() {
    const phone = await makeTalking()
    const second = phone.ua.invite('c2', true)
    await settle()
    phone.ua.emit({ type: 'ua.accepted', session: second })
    return { ...phone, second }
  }

  test('the second rings, is answered and ends without touching the first; both speak by one microphone', async () => {
    const { actor, ua, view, parts, openStreams, session } = await makeTalking()
    const second = ua.invite('c2')
    expect(view()).toMatchObject({ voice: 'live', callId: 'c1' })
    const opened = parts.microphone.open.mock.calls.length
    actor.send({ type: 'ANSWER', callId: 'c2' })
    await settle()
    expect(ua.done.at(-1)).toBe(`answer ${second}`)
    expect(parts.microphone.open).toHaveBeenCalledTimes(opened)
    ua.emit({ type: 'ua.accepted', session: second })
    expect(view().calls.map(({ voice }) => voice)).toEqual(['live', 'live'])
    ua.emit({ type: 'ua.ended', session: second, cause: 'Terminated', byUs: false })
    expect(view().calls).toEqual([{ callId: 'c1', voice: 'live', muted: false }])
    expect(openStreams()).toBe(1)
    ua.emit({ type: 'ua.ended', session, cause: 'Terminated', byUs: false })
    expect(openStreams()).toBe(0)
    expect(ua.done.filter((what) => what.endsWith(` ${session}`))).toEqual([`answer ${session}`, `unmute ${session}`])
  })

  test('the first may end first', async () => {
    const { ua, view, openStreams, session, second } = await makeTwo()
    ua.emit({ type: 'ua.ended', session, cause: 'Terminated', byUs: false })
    expect(view()).toMatchObject({ voice: 'live', callId: 'c2' })
    expect(openStreams()).toBe(1)
    ua.emit({ type: 'ua.ended', session: second, cause: 'Terminated', byUs: false })
    expect(openStreams()).toBe(0)
  })

  test('each is muted by itself', async () => {
    const { actor, ua, view, session, second } = await makeTwo()
    actor.send({ type: 'SET_MUTED', callId: 'c2', muted: true })
    expect(ua.done.at(-1)).toBe(`mute ${second}`)
    expect(ua.done).not.toContain(`mute ${session}`)
    expect(aboutCall(view(), 'c1').muted).toBe(false)
    expect(aboutCall(view(), 'c2').muted).toBe(true)
  })

  test('both get another microphone', async () => {
    const { actor, ua, session, second } = await makeTwo()
    actor.send({ type: 'REPLACE_MICROPHONE', stream: fakeStream() })
    expect(ua.done.slice(-2)).toEqual([`replace ${session}`, `replace ${second}`])
  })

  test('the second ends by the feed’s word, and only that one', async () => {
    const { actor, ua, view, second } = await makeTwo()
    actor.send({ type: 'CALLS', calls: [call('c1'), call('c2')] })
    actor.send({ type: 'CALLS', calls: [call('c1')] })
    expect(ua.done.at(-1)).toBe(`terminate ${second}`)
    expect(view().calls.map(({ callId }) => callId)).toEqual(['c1'])
  })

  test('a microphone that fails for the second leaves the first alone', async () => {
    let works = true
    const { actor, ua, view } = await makeTalking({
      open: async () => (works ? fakeStream() : Promise.reject(new MicrophoneError('busy'))),
    })
    works = false
    const second = ua.invite('c2', true) // by the microphone that is open
    await settle()
    expect(ua.done.at(-1)).toBe(`answer ${second}`)
    actor.send({ type: 'CHECK_MICROPHONE' })
    await settle()
    expect(view()).toMatchObject({ voice: 'live', callId: 'c1', microphone: 'busy' })
  })
})

describe('a voice that moves', () => {
  test('within this window: the old session speaks until the far side ends it, after the new one is heard', async () => {
    const { ua, view, session, openStreams } = await makeTalking()
    const next = ua.invite('c1', true)
    await settle()
    expect(ua.done.at(-1)).toBe(`answer ${next}`)
    expect(ua.done).not.toContain(`terminate ${session}`)
    expect(view()).toMatchObject({ voice: 'live', callId: 'c1' })
    ua.emit({ type: 'ua.accepted', session: next })
    ua.emit({ type: 'ua.ended', session, cause: 'Terminated', byUs: false })
    expect(view()).toMatchObject({ voice: 'live', callId: 'c1', trouble: '' })
    expect(openStreams()).toBe(1)
    ua.emit({ type: 'ua.ended', session: next, cause: 'Terminated', byUs: false })
    expect(openStreams()).toBe(0)
  })

  test('an old session that nobody ends is ended in the end', async () => {
    const { ua, view, session } = await makeTalking()
    const next = ua.invite('c1', true)
    await settle()
    ua.emit({ type: 'ua.accepted', session: next })
    await settle(4999)
    expect(ua.done).not.toContain(`terminate ${session}`)
    await settle(1)
    expect(ua.done).toContain(`terminate ${session}`)
    expect(view().calls).toEqual([{ callId: 'c1', voice: 'live', muted: false }])
    await settle(60_000)
    expect(ua.done).not.toContain(`terminate ${next}`)
  })

  test('a new session that is never heard leaves the old one as it is', async () => {
    const { ua, view, session } = await makeTalking()
    const next = ua.invite('c1', true)
    await settle()
    ua.emit({ type: 'ua.ended', session: next, cause: 'Canceled', byUs: false })
    await settle(60_000)
    expect(view()).toMatchObject({ voice: 'live', callId: 'c1', trouble: '' })
    expect(ua.done).not.toContain(`terminate ${session}`)
  })

  test('the new session is muted as the old one was', async () => {
    const { actor, ua } = await makeTalking()
    actor.send({ type: 'SET_MUTED', callId: 'c1', muted: true })
    const next = ua.invite('c1', true)
    await settle()
    ua.emit({ type: 'ua.accepted', session: next })
    expect(ua.done.at(-1)).toBe(`mute ${next}`)
  })

  test.each(['TAKEN_OVER', 'lost'] as const)(
    'to another window (%s): it is led here until that one has it',
    async (how) => {
      const { actor, ua, view, ownership, session, openStreams } = await makeTalking()
      if (how === 'lost') ownership('lost')
      else actor.send({ type: 'TAKEN_OVER' })
      expect(ua.done.at(-1)).toBe('rest')
      expect(view()).toMatchObject({ line: how === 'lost' ? 'otherTab' : 'takenOver', voice: 'live' })
      expect(isMoving(view())).toBe(true)
      await settle(600_000) // the other window never comes: the voice goes on
      expect(openStreams()).toBe(1)
      actor.send({ type: 'SET_MUTED', callId: 'c1', muted: true })
      expect(ua.done.at(-1)).toBe(`mute ${session}`)
      ua.emit({ type: 'ua.ended', session, cause: 'Terminated', byUs: false })
      expect(isMoving(view())).toBe(false)
      expect(openStreams()).toBe(0)
    },
  )
})

// Whatever happens in whatever order: no microphone stays open without a voice, nothing is answered twice, a stopped phone is silent.
test('no sequence of events leaves a microphone open or a session behind', async () => {
  const ids = fc.constantFrom('c1', 'c2')
  const event = fc.oneof(
    fc.constant<PhoneEvent>({ type: 'START', take: false }),
    fc.constant<PhoneEvent>({ type: 'TAKEN_OVER' }),
    fc.constant<PhoneEvent>({ type: 'TAKE_HERE' }),
    fc.constant<PhoneEvent>({ type: 'CHECK_MICROPHONE' }),
    fc.constant<PhoneEvent>({ type: 'PROBE' }),
    fc.constantFrom<PhoneEvent>(
      { type: 'ua.registered' },
      { type: 'ua.disconnected' },
      { type: 'ua.refused', cause: 'Rejected' },
    ),
    ids.map((callId): PhoneEvent => ({ type: 'ANSWER', callId })),
    fc.record({ callId: ids, muted: fc.boolean() }).map((e): PhoneEvent => ({ type: 'SET_MUTED', ...e })),
    fc
      .record({ session: fc.constantFrom('s1', 's2'), callId: ids, autoAnswer: fc.boolean() })
      .map((e): PhoneEvent => ({ type: 'ua.incoming', ...e })),
    fc.constantFrom('s1', 's2').map((session): PhoneEvent => ({ type: 'ua.accepted', session })),
    fc
      .constantFrom('s1', 's2')
      .map((session): PhoneEvent => ({ type: 'ua.ended', session, cause: 'Terminated', byUs: false })),
    fc
      .array(fc.record({ id: ids, over: fc.boolean(), answerRequested: fc.boolean(), muted: fc.boolean() }), {
        maxLength: 2,
      })
      .map((calls): PhoneEvent => ({ type: 'CALLS', calls })),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 30 }), fc.boolean(), async (events, microphoneWorks) => {
      const phone = makePhone({
        open: async () => (microphoneWorks ? fakeStream() : Promise.reject(new MicrophoneError('busy'))),
      })
      phone.actor.send({ type: 'START', take: false })
      for (const one of events) {
        phone.actor.send(one)
        await settle()
        const { calls } = phone.view()
        const heard = calls.some(({ voice }) => voice === 'answering' || voice === 'live')
        expect(phone.openStreams()).toBeLessThanOrEqual(heard ? 1 : 0)
        expect(calls.length).toBeLessThanOrEqual(2)
      }
      phone.actor.send({ type: 'STOP' })
      for (const session of ['s1', 's2']) phone.ua.emit({ type: 'ua.ended', session, cause: 'Terminated', byUs: true })
      await settle()
      expect(phone.view()).toMatchObject({ line: 'off', voice: 'none' })
      expect(phone.openStreams()).toBe(0)
    }),
    { numRuns: 200 },
  )
})

describe('another microphone during a call', () => {
  test('is spoken by, and the former is closed', async () => {
    const { actor, ua, session, openStreams, streams } = await makeTalking()
    const next = fakeStream()
    actor.send({ type: 'REPLACE_MICROPHONE', stream: next })
    expect(ua.done.at(-1)).toBe(`replace ${session}`)
    expect(openStreams()).toBe(0)
    expect(streams.includes(next)).toBe(false)
    expect(next.getTracks()[0]?.readyState).toBe('live')
    ua.emit({ type: 'ua.ended', session, cause: 'Terminated', byUs: false })
    expect(next.getTracks()[0]?.readyState).toBe('ended')
  })

  test('that comes too late is closed', async () => {
    const { actor, ua, session } = await makeTalking()
    ua.emit({ type: 'ua.ended', session, cause: 'Terminated', byUs: false })
    const late = fakeStream()
    actor.send({ type: 'REPLACE_MICROPHONE', stream: late })
    expect(late.getTracks()[0]?.readyState).toBe('ended')
    expect(ua.done).not.toContain(`replace ${session}`)
  })
})
