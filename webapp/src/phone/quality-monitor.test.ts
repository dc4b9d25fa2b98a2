import { beforeEach, expect, test } from 'vitest'
import { QualityMonitor, type QualityReport, type Watched } from './quality-monitor'
import type { Stats } from './types'

let now: number
let watched: Watched | undefined
let count: { received: number; sent: number }
let reports: QualityReport[]
let reachable: boolean
let level: number
let stopped: number
let monitor: QualityMonitor

const talk: Watched = {
  session: 's1',
  callId: 'c1',
  talking: true,
  heldSince: undefined,
  muted: false,
  microphone: {} as MediaStream,
}

beforeEach(() => {
  now = 1_000_000
  watched = talk
  count = { received: 0, sent: 0 }
  reports = []
  reachable = true
  level = 0.05
  stopped = 0
  monitor = new QualityMonitor({
    ticker: () => () => {},
    watched: () => watched,
    stats: async () => stats(),
    listenTo: () => ({ read: () => level, stop: () => stopped++ }),
    now: () => now,
    times: () => ({ longHold: 60_000, deadAir: 15_000 }),
    report: async (report) => {
      if (reachable) reports.push(report)
      return reachable
    },
  })
})

const stats = (): Stats[] => [
  {
    type: 'inbound-rtp',
    kind: 'audio',
    packetsReceived: count.received,
    packetsLost: 0,
    jitter: 0.003,
    totalAudioEnergy: count.received / 50,
    totalSamplesDuration: count.received / 50,
  },
  { type: 'outbound-rtp', kind: 'audio', packetsSent: count.sent },
]

async function seconds(n: number, received = 50): Promise<void> {
  for (let i = 0; i < n; i++) {
    await monitor.tick()
    now += 1000
    count = { received: count.received + received, sent: count.sent + 50 }
  }
}

test('figures come every two seconds and are told together', async () => {
  await seconds(2)
  expect(monitor.view.get()).toEqual({ callId: 'c1', figures: undefined, alerts: [] })
  await seconds(1)
  expect(monitor.view.get().figures).toMatchObject({ grade: 'GOOD', lossIn: 0, jitterMs: 3 })
  expect(reports).toEqual([])
  await seconds(10)
  expect(reports.map((r) => [r.callId, r.samples.length, r.alerts.length])).toEqual([['c1', 5, 0]])
  expect(reports[0]?.samples[0]?.at).toBe(1_002_000)
})

test('an alert is shown and told at once', async () => {
  await seconds(4)
  await seconds(5, 0)
  expect(monitor.view.get().alerts).toEqual(['ONE_WAY_IN'])
  expect(reports.at(-1)?.alerts).toEqual([{ kind: 'ONE_WAY_IN', at: 1_005_000, over: false }])
})

test('what is left is told at the end of the call, and nothing is shown any more', async () => {
  await seconds(4)
  await seconds(5, 0)
  const before = reports.length
  watched = undefined
  await seconds(1)
  expect(monitor.view.get()).toEqual({ callId: '', figures: undefined, alerts: [] })
  expect(reports).toHaveLength(before + 1)
  expect(reports.at(-1)?.alerts).toEqual([{ kind: 'ONE_WAY_IN', at: now - 1000, over: true }])
  expect(stopped).toBe(1)
})

test('on hold the figures stay, and none are told of the music', async () => {
  await seconds(4)
  const shown = monitor.view.get().figures
  watched = { ...talk, talking: false, heldSince: now }
  await seconds(12, 0)
  expect(monitor.view.get().figures).toEqual(shown)
  expect(reports.flatMap((r) => r.samples)).toHaveLength(1)
})

test('the server is away: the newest are kept, within bounds, and told when it is back', async () => {
  reachable = false
  await seconds(200)
  expect(reports).toEqual([])
  reachable = true
  await seconds(10)
  expect(reports).toHaveLength(1)
  expect(reports[0]?.samples).toHaveLength(60)
  expect(now - (reports[0]?.samples.at(-1)?.at ?? 0)).toBeLessThan(12_000)
})

test('another session of the same call is watched anew: its counts are not compared with the old', async () => {
  await seconds(4)
  watched = { ...talk, session: 's2' }
  count = { received: 0, sent: 0 }
  await seconds(1)
  expect(monitor.view.get()).toEqual({ callId: 'c1', figures: undefined, alerts: [] })
  expect(stopped).toBe(1)
})

test('another microphone is listened to, and the former is left', async () => {
  await seconds(2)
  watched = { ...talk, microphone: {} as MediaStream }
  await seconds(2)
  expect(stopped).toBe(1)
  watched = undefined
  await seconds(1)
  expect(stopped).toBe(2)
})

test('a browser that answers late is not asked twice', async () => {
  let answer: (found: Stats[]) => void = () => {}
  let asked = 0
  const slow = new QualityMonitor({
    ticker: () => () => {},
    watched: () => watched,
    stats: async () => {
      asked++
      return new Promise((resolve) => (answer = resolve))
    },
    listenTo: () => ({ read: () => level, stop: () => {} }),
    now: () => now,
    times: () => ({ longHold: 1, deadAir: 1 }),
    report: async () => true,
  })
  const first = slow.tick()
  await slow.tick()
  expect(asked).toBe(1)
  answer([])
  await first
  void slow.tick()
  expect(asked).toBe(2)
})
