import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { clockOf, every, plainTimers, WorkerTimers } from './timers'

// That a worker's timers are not slowed down is proven in a real browser (e2e); here it is what we do with them.
class FakeWorker extends EventTarget {
  readonly orders: { id: number; wait?: number }[] = []
  terminated = false

  postMessage(order: { id: number; wait?: number }) {
    this.orders.push(order)
  }
  terminate() {
    this.terminated = true
  }
  rings(id: number) {
    this.dispatchEvent(new MessageEvent('message', { data: id }))
  }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function makeTimers() {
  const worker = new FakeWorker()
  const make = vi.fn(() => worker as unknown as Worker)
  return { timers: new WorkerTimers(make), worker, make }
}

test('the worker keeps the time, and no timer of the page does', () => {
  const { timers, worker, make } = makeTimers()
  expect(make).not.toHaveBeenCalled() // before it is needed
  const act = vi.fn<() => void>()
  timers.after(5000, act)
  timers.after(7000, () => {})
  expect(make).toHaveBeenCalledTimes(1)
  expect(worker.orders).toEqual([
    { id: 1, wait: 5000 },
    { id: 2, wait: 7000 },
  ])
  expect(vi.getTimerCount()).toBe(0)
  worker.rings(1)
  worker.rings(1)
  expect(act).toHaveBeenCalledTimes(1)
})

test('a cancelled timer does not act, though its message be under way', () => {
  const { timers, worker } = makeTimers()
  const act = vi.fn<() => void>()
  const cancel = timers.after(5000, act)
  cancel()
  cancel()
  worker.rings(1)
  expect(act).not.toHaveBeenCalled()
  expect(worker.orders).toEqual([{ id: 1, wait: 5000 }, { id: 1 }])
})

test('when the worker breaks, what waits goes on by the page’s timers, and is due as before', () => {
  const { timers, worker, make } = makeTimers()
  const [act, cancelled] = [vi.fn<() => void>(), vi.fn<() => void>()]
  timers.after(5000, act)
  const cancel = timers.after(5000, cancelled)
  vi.advanceTimersByTime(3000)
  worker.dispatchEvent(new Event('error'))
  cancel()
  vi.advanceTimersByTime(1999)
  expect(act).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(act).toHaveBeenCalledTimes(1)
  const later = vi.fn<() => void>()
  timers.after(10, later)
  vi.advanceTimersByTime(10)
  expect([later.mock.calls.length, cancelled.mock.calls.length]).toEqual([1, 0])
  expect(make).toHaveBeenCalledTimes(1)
  expect(worker.terminated).toBe(true)
})

test.each([
  ['there are no workers', undefined],
  [
    'the browser forbids it',
    () => {
      throw new DOMException('no', 'SecurityError')
    },
  ],
])('where %s the page’s timers do', (_, make) => {
  const act = vi.fn<() => void>()
  new WorkerTimers(make).after(10, act)
  vi.advanceTimersByTime(10)
  expect(act).toHaveBeenCalled()
})

test('every goes on until it is stopped, also from within', () => {
  let times = 0
  const stop = every(plainTimers, 100, () => {
    if (++times === 3) stop()
  })
  vi.advanceTimersByTime(1000)
  expect(times).toBe(3)
  const stopOutside = every(plainTimers, 100, () => times++)
  vi.advanceTimersByTime(250)
  stopOutside()
  vi.advanceTimersByTime(1000)
  expect(times).toBe(5)
})

test('XState can use them as its clock', () => {
  const act = vi.fn<() => void>()
  const clock = clockOf(plainTimers)
  clock.clearTimeout(clock.setTimeout(act, 10))
  clock.clearTimeout(undefined)
  clock.setTimeout(act, 20)
  vi.advanceTimersByTime(100)
  expect(act).toHaveBeenCalledTimes(1)
})
