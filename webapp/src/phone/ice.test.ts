import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { plainTimers } from '@/lib/timers'
import { boundGathering } from './ice'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const host = { candidate: 'candidate:1 1 udp 2122260223 192.0.2.1 54321 typ host' }
const relayed = { candidate: 'candidate:2 1 udp 41885439 198.51.100.1 3478 typ relay raddr 0.0.0.0 rport 0' }

test('a host candidate is enough, 300 ms after it', () => {
  const ready = vi.fn<() => void>()
  const gather = boundGathering(plainTimers)
  gather({ candidate: host, ready })
  vi.advanceTimersByTime(299)
  expect(ready).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(ready).toHaveBeenCalled()
})

test('without a host candidate it ends after 1.5 s', () => {
  const ready = vi.fn<() => void>()
  const gather = boundGathering(plainTimers)
  gather({ candidate: relayed, ready })
  vi.advanceTimersByTime(1499)
  expect(ready).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(ready).toHaveBeenCalledTimes(1)
})

test('a restart of ICE has a time of its own', () => {
  const [first, second] = [vi.fn<() => void>(), vi.fn<() => void>()]
  const gather = boundGathering(plainTimers)
  gather({ candidate: relayed, ready: first })
  vi.advanceTimersByTime(1000)
  gather({ candidate: host, ready: second })
  vi.advanceTimersByTime(300)
  expect(second).toHaveBeenCalled()
  expect(first).not.toHaveBeenCalled()
})
