import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { fakeStream } from '@/testing/app'
import { call, makeReady, makeTalking, settle } from '@/testing/phone'
import { MicrophoneError } from './types'
import { aboutCall, isMoving } from './view'

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(1) // back-offs take their longest
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
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

  test('a conversation that a restarted server does not know yet goes on; one that it never names again ends', async () => {
    const { actor, ua, view, session } = await makeTalking()
    actor.send({ type: 'CALLS', calls: [call('c1')] })
    actor.send({ type: 'CALLS', calls: [] })
    vi.advanceTimersByTime(2000)
    actor.send({ type: 'CALLS', calls: [call('c1')] })
    vi.advanceTimersByTime(10_000)
    expect(view().voice).toBe('live')
    actor.send({ type: 'CALLS', calls: [] })
    vi.advanceTimersByTime(3000)
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
    actor.send({ type: 'CALLS', calls: [call('c1'), call('c2', { over: true })] })
    expect(ua.done.at(-1)).toBe(`terminate ${second}`)
    expect(view().calls.map(({ callId }) => callId)).toEqual(['c1'])
  })

  test('the second ends when the feed names it no more, and only that one', async () => {
    const { actor, ua, view, second } = await makeTwo()
    actor.send({ type: 'CALLS', calls: [call('c1'), call('c2')] })
    actor.send({ type: 'CALLS', calls: [call('c1')] })
    vi.advanceTimersByTime(3000)
    expect(ua.done).toContain(`terminate ${second}`)
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
