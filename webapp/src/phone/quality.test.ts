import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { QualityMeter, type Reading } from './quality'
import type { Stats } from './types'

interface Recorded {
  at: number
  stats: Stats[]
}

// What Chromium said in a call with Asterisk 22: seven seconds of a good network; then, five seconds later, one that loses every
// fourth packet and adds 100 ms each way.
const recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, '../testing/recorded/chromium-stats.json'), 'utf8'),
) as Recorded[]

function readAll(meter: QualityMeter, moments: Recorded[]): (Reading | undefined)[] {
  return moments.map(({ at, stats }) => meter.read(stats, at))
}

interface Made {
  received?: number
  lost?: number
  sent?: number
  jitter?: number
  remote?: { lost: number; at: number; roundTrip?: number }
  energy?: number
  duration?: number
}

function made({ received = 0, lost = 0, sent = 0, jitter = 0, remote, energy = 0, duration = 0 }: Made): Stats[] {
  return [
    { type: 'codec', id: 'c', mimeType: 'audio/PCMA' },
    {
      type: 'inbound-rtp',
      kind: 'audio',
      codecId: 'c',
      packetsReceived: received,
      packetsLost: lost,
      jitter,
      totalAudioEnergy: energy,
      totalSamplesDuration: duration,
    },
    { type: 'outbound-rtp', kind: 'audio', packetsSent: sent },
    ...(remote
      ? [
          {
            type: 'remote-inbound-rtp',
            kind: 'audio',
            packetsLost: remote.lost,
            timestamp: remote.at,
            roundTripTime: remote.roundTrip,
          },
        ]
      : []),
  ]
}

describe('recorded from a browser', () => {
  test('a good network', () => {
    const readings = readAll(new QualityMeter(), recorded.slice(0, 7))
    expect(readings[0]?.figures).toBeUndefined() // of one moment nothing can be said
    const figures = readings[6]?.figures
    expect(figures).toMatchObject({ codec: 'opus', grade: 'GOOD', lossIn: 0, lossOut: 0 })
    expect(figures?.mos).toBeGreaterThan(4.3)
    expect(figures?.jitterMs).toBeCloseTo(4)
    expect(figures?.roundTripMs).toBeCloseTo(2.8, 1)
    expect(readings[3]?.flow).toMatchObject({ received: 51, sent: 52, unheard: false })
    expect(readings[3]?.flow.levelIn).toBeGreaterThan(0.1) // the customer's tone
  })

  test('a network that loses every fourth packet and is slow', () => {
    const figures = readAll(new QualityMeter(), recorded.slice(7)).at(-1)?.figures
    expect(figures?.grade).toBe('POOR')
    expect(figures?.lossIn).toBeGreaterThan(0.2)
    expect(figures?.lossOut).toBeGreaterThan(0.2)
    expect(figures?.roundTripMs).toBeGreaterThan(190)
    expect(figures?.mos).toBeLessThan(3)
  })
})

describe('odd numbers', () => {
  test('nothing is said before there is a voice', () => {
    expect(new QualityMeter().read([], 0)).toBeUndefined()
    expect(new QualityMeter().read([{ type: 'inbound-rtp', kind: 'video' }], 0)).toBeUndefined()
  })

  test('a new connection counts anew, and is no loss', () => {
    const meter = new QualityMeter()
    readAll(meter, [
      { at: 0, stats: made({ received: 500, lost: 10, sent: 500 }) },
      { at: 2000, stats: made({ received: 600, lost: 10, sent: 600 }) },
    ])
    const anew = meter.read(made({ received: 10, sent: 10 }), 4000)
    expect(anew).toEqual({ flow: { received: 10, sent: 10, unheard: false, levelIn: 0 }, figures: undefined })
    const later = meter.read(made({ received: 110, sent: 110 }), 6000)
    expect(later?.figures?.lossIn).toBe(0)
  })

  test('what never came is seen at the first look', () => {
    expect(new QualityMeter().read(made({ received: 0, sent: 40 }), 0)?.flow).toMatchObject({ received: 0, sent: 40 })
  })

  test('packets that come late take loss back, not below nought', () => {
    const meter = new QualityMeter()
    meter.read(made({ received: 100, lost: 20, sent: 1 }), 0)
    expect(meter.read(made({ received: 200, lost: 5, sent: 2 }), 2000)?.figures?.lossIn).toBe(0)
  })

  test('what is not known is null, not 0', () => {
    const meter = new QualityMeter()
    meter.read(made({ received: 0, sent: 0 }), 0)
    expect(meter.read(made({ received: 100, sent: 100 }), 2000)?.figures).toMatchObject({
      lossOut: null,
      roundTripMs: null,
      codec: 'pcma',
    })
  })

  test('a window in which nothing comes has no figures', () => {
    const meter = new QualityMeter()
    meter.read(made({ received: 100, sent: 100 }), 0)
    expect(meter.read(made({ received: 100, sent: 200 }), 2000)).toMatchObject({
      figures: undefined,
      flow: { received: 0, sent: 100 },
    })
  })
})

describe('what the far side says of us', () => {
  test('it receives nothing: every packet is reported lost', () => {
    const meter = new QualityMeter()
    meter.read(made({ sent: 100, remote: { lost: 0, at: 1 } }), 0)
    expect(meter.read(made({ sent: 200, remote: { lost: 0, at: 1 } }), 2000)?.flow.unheard).toBe(false)
    expect(meter.read(made({ sent: 350, remote: { lost: 250, at: 2 } }), 5000)?.flow.unheard).toBe(true)
    expect(meter.read(made({ sent: 600, remote: { lost: 250, at: 3 } }), 10_000)?.flow.unheard).toBe(false)
  })

  test('it falls silent: no report for fifteen seconds', () => {
    const meter = new QualityMeter()
    const unheard = [0, 5000, 10_000, 15_000, 20_000].map(
      (at) => meter.read(made({ sent: 100 + at / 20, remote: { lost: 0, at: 1 } }), at)?.flow.unheard,
    )
    expect(unheard).toEqual([false, false, false, true, true])
  })

  test('one that never reports is believed to hear us', () => {
    const meter = new QualityMeter()
    const unheard = [0, 10_000, 20_000, 30_000].map((at) => meter.read(made({ sent: at / 20 }), at)?.flow.unheard)
    expect(unheard).not.toContain(true)
  })
})
