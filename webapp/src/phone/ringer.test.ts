import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { plainTimers } from '@/lib/timers'
import { Ringer } from './ringer'

const node = () => ({
  connect: () => {},
  start: () => {},
  stop: () => {},
  type: '',
  frequency: { value: 0 },
  gain: {
    value: 0,
    setValueAtTime: () => {},
    linearRampToValueAtTime: () => {},
    exponentialRampToValueAtTime: () => {},
  },
})

class FakeAudio {
  static last: FakeAudio
  state = 'running'
  currentTime = 0
  destination = {}
  sinkId = ''
  notes = 0
  readonly sinks: string[] = []
  broken = false
  constructor() {
    FakeAudio.last = this
  }
  async setSinkId(id: string) {
    this.sinks.push(id)
    if (this.broken) throw new DOMException('gone', 'NotFoundError')
    this.sinkId = id
  }
  createGain() {
    return node()
  }
  createOscillator() {
    this.notes++
    return node()
  }
}

beforeEach(() => vi.stubGlobal('AudioContext', FakeAudio))
afterEach(() => vi.unstubAllGlobals())

test('sounds from its own device, told to the browser once', async () => {
  let sink = 'o2'
  const ringer = new Ringer(
    () => 1,
    () => sink,
    plainTimers,
  )
  ringer.sample()
  await Promise.resolve()
  ringer.sample()
  expect(FakeAudio.last.sinks).toEqual(['o2'])
  sink = ''
  ringer.sample()
  expect(FakeAudio.last.sinks).toEqual(['o2', ''])
})

test('a device that is gone does not silence the ring', async () => {
  const ringer = new Ringer(
    () => 1,
    () => 'gone',
    plainTimers,
  )
  ringer.unlock()
  FakeAudio.last.broken = true
  ringer.sample()
  await Promise.resolve()
  expect(FakeAudio.last.notes).toBeGreaterThan(0)
  expect(ringer.blocked.get()).toBe(false)
})
