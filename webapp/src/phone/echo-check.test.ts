import { beforeEach, describe, expect, test, vi } from 'vitest'
import { plainTimers } from '@/lib/timers'
import { checkEcho, type Loop } from './echo-check'
import { EchoError, type Echo } from './types'

const rate = 48_000

/** A loop through a PBX that sends back `pitch` after so many milliseconds. */
function line({
  after = 80,
  pitch = 1150,
  voice = Promise.resolve({} as MediaStream),
}: {
  after?: number
  pitch?: number
  voice?: Promise<MediaStream>
}) {
  const done: string[] = []
  let sentAt = Infinity
  const loop: Loop = {
    stream: {} as MediaStream,
    rate,
    begin: () => (sentAt = Date.now()),
    listen: () => done.push('listen'),
    samples: () =>
      Date.now() - sentAt < after
        ? new Float32Array(1024)
        : Float32Array.from({ length: 1024 }, (_, i) => 0.2 * Math.sin((2 * Math.PI * pitch * i) / rate)),
    close: () => done.push('close'),
  }
  const echo: Echo = { voice, end: () => done.push('end') }
  const run = async (signal = new AbortController().signal) =>
    checkEcho({ call: () => echo, loop: () => loop, timers: plainTimers, now: Date.now }, signal)
  return { run, done }
}

beforeEach(() => {
  vi.useFakeTimers()
  return () => vi.useRealTimers()
})

/** Lets time pass until the check has an answer. */
async function found<T>(check: Promise<T>): Promise<T> {
  await vi.advanceTimersByTimeAsync(5000)
  return check
}

describe('the echo', () => {
  test('is recognised, with the time that it took', async () => {
    const { run, done } = line({ after: 80 })
    const finding = await found(run())
    expect(finding).toEqual({ state: 'ok', detail: '80 ms' })
    expect(done).toEqual(['listen', 'end', 'close'])
  })

  test('of another pitch is none: music, or the ringing of a PBX', async () => {
    const { run } = line({ pitch: 440 })
    expect(await found(run())).toEqual({ state: 'failed', problem: 'no_echo' })
  })

  test('that comes after two seconds is none', async () => {
    const { run, done } = line({ after: 2500 })
    expect(await found(run())).toEqual({ state: 'failed', problem: 'no_echo' })
    expect(done).toContain('end')
  })

  test.each([
    ['refused', 'echo_refused'],
    ['media', 'no_media'],
  ] as const)('%s is %s', async (problem, code) => {
    const { run, done } = line({ voice: Promise.reject(new EchoError(problem, '')) })
    expect(await found(run())).toEqual({ state: 'failed', problem: code })
    expect(done).toEqual(['end', 'close'])
  })

  test('is hung up when nobody waits any longer', async () => {
    const { run, done } = line({ after: 10_000 })
    const given = new AbortController()
    const check = run(given.signal)
    await vi.advanceTimersByTimeAsync(100)
    given.abort()
    expect(done).toContain('end')
    await found(check)
  })
})
