import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { credentials, fakeStream } from '@/testing/app'
import { makePhone, makeReady, makeTalking, settle } from '@/testing/phone'
import type { PhoneEvent } from './machine'
import { MicrophoneError, PhoneElsewhereError } from './types'

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(1) // back-offs take their longest
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})
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
