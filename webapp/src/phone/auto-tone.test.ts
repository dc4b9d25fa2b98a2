import { beforeEach, expect, test, vi } from 'vitest'
import { plainTimers } from '@/lib/timers'
import { withAutoTone } from './auto-tone'
import { FakeUa } from './fake-ua'

const stream = {} as MediaStream

function phone(warns = true, length = 440) {
  const fake = new FakeUa()
  const play = vi.fn<() => number>(() => length)
  const ua = withAutoTone(fake, { warns: () => warns, play, timers: plainTimers, now: Date.now })
  const listener = vi.fn<() => void>()
  ua.listen(listener)
  return { fake, ua, play, listener }
}

beforeEach(() => {
  vi.useFakeTimers()
  return () => vi.useRealTimers()
})

test('a call that answers itself begins with a tone, and the voice waits for it', async () => {
  const { fake, ua, play, listener } = phone()
  const session = fake.invite('call1', true)
  expect(play).toHaveBeenCalledOnce()
  expect(listener).toHaveBeenCalledOnce()
  await vi.advanceTimersByTimeAsync(100) // the microphone is opened meanwhile
  ua.answer(session, stream)
  await vi.advanceTimersByTimeAsync(339)
  expect(fake.done).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(fake.done).toEqual([`answer ${session}`])
})

test('a tone that is over, or that nobody hears, delays nothing', async () => {
  const { fake, ua } = phone(true, 0)
  const session = fake.invite('call1', true)
  ua.answer(session, stream)
  expect(fake.done).toEqual([`answer ${session}`])
})

test('no tone for a call that a person answers, dialled, or asked for elsewhere', () => {
  const asked = phone()
  asked.ua.answer(asked.fake.invite('call1', false), stream)
  expect(asked.play).not.toHaveBeenCalled()
  const dialled = phone(false)
  dialled.ua.answer(dialled.fake.invite('call2', true), stream)
  expect(dialled.play).not.toHaveBeenCalled()
  expect(dialled.fake.done).toHaveLength(1)
})
