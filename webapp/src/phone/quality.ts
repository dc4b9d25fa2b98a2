import { gradeOf, opinion, rating, type Grade } from './emodel'
import type { Stats } from './types'

/** What was measured over a window of some seconds. Null is "not known". */
export interface Figures {
  readonly mos: number
  readonly grade: Grade
  readonly codec: string
  readonly jitterMs: number
  /** Shares, 0 to 1: of what should have arrived; of what was sent, as the far side reports. */
  readonly lossIn: number
  readonly lossOut: number | null
  readonly roundTripMs: number | null
}

/** What has passed since the reading before. */
export interface Flow {
  readonly received: number
  readonly sent: number
  /** The far side says that nothing of ours arrives. */
  readonly unheard: boolean
  /** Loudness of the customer's voice, 0 to 1. */
  readonly levelIn: number
}

export interface Reading {
  readonly flow: Flow
  /** Undefined until a whole window has been measured, and while nothing passes. */
  readonly figures: Figures | undefined
}

/** The counts of one moment. */
interface Counts {
  readonly at: number
  readonly received: number
  readonly lost: number
  readonly sent: number
  readonly energyIn: number
  readonly durationIn: number
  readonly jitter: number
  readonly codec: string
  /** As the far side reports; undefined while it has not. */
  readonly lostThere: number | undefined
  readonly reportedAt: number | undefined
  readonly roundTrip: number | undefined
}

/** Length of a window; milliseconds. A bit less than two seconds: ticks come a little early, too. */
const window = 1900
/** Reports (RTCP) come every five seconds or so; this long without one, and what we send arrives nowhere. Milliseconds. */
const reportPatience = 15_000
/** From this share of lost packets on nothing is heard. */
const allLost = 0.95

/** Turns the browser's statistics, read again and again, into figures. One per session; it knows nothing of where they come from. */
export class QualityMeter {
  #past: Counts[] = []
  #sentUnreported = 0
  #lossOut: number | null = null
  #reportBase: Counts | undefined

  read(stats: Iterable<Stats>, at: number): Reading | undefined {
    const now = countsOf(stats, at)
    const last = this.#past.at(-1)
    if (now === undefined) return undefined
    // Another connection counts from nought again.
    if (last && (now.received < last.received || now.sent < last.sent)) this.#forget()
    const before = this.#past.at(-1)
    const start = this.#past.findLast((counts) => at - counts.at >= window)
    this.#past = [...this.#past.filter((counts) => !start || counts.at >= start.at), now]
    this.#readReport(now)
    // At the first look, what has passed since the connection began.
    if (!before)
      return { flow: { received: now.received, sent: now.sent, unheard: false, levelIn: 0 }, figures: undefined }
    const flow: Flow = {
      received: now.received - before.received,
      sent: now.sent - before.sent,
      unheard: this.#isUnheard(now, before),
      levelIn: level(now.energyIn - before.energyIn, now.durationIn - before.durationIn),
    }
    return { flow, figures: start && this.#figures(start, now) }
  }

  #forget(): void {
    this.#past = []
    this.#sentUnreported = 0
    this.#lossOut = null
    this.#reportBase = undefined
  }

  /** What the far side reports of our packets comes less often than we look: its loss is counted from report to report. */
  #readReport(now: Counts): void {
    if (now.reportedAt === undefined || now.reportedAt === this.#reportBase?.reportedAt) return
    const base = this.#reportBase
    this.#reportBase = now
    if (base === undefined) return
    const sent = now.sent - base.sent
    const lost = (now.lostThere ?? 0) - (base.lostThere ?? 0)
    if (sent > 0) this.#lossOut = share(lost, sent)
  }

  #isUnheard(now: Counts, before: Counts): boolean {
    if (this.#lossOut !== null && this.#lossOut >= allLost) return true
    const reportedAnew = now.reportedAt !== before.reportedAt
    this.#sentUnreported = reportedAnew || now.sent === before.sent ? 0 : this.#sentUnreported + (now.at - before.at)
    return now.reportedAt !== undefined && this.#sentUnreported >= reportPatience
  }

  #figures(start: Counts, now: Counts): Figures | undefined {
    const received = now.received - start.received
    const lost = Math.max(0, now.lost - start.lost)
    if (received + lost === 0) return undefined
    const lossIn = share(lost, received + lost)
    const jitterMs = now.jitter * 1000
    const roundTripMs = now.roundTrip === undefined ? null : now.roundTrip * 1000
    const mos = opinion(
      rating({
        codec: now.codec,
        loss: Math.max(lossIn, this.#lossOut ?? 0),
        jitterMs,
        roundTripMs: roundTripMs ?? 0,
      }),
    )
    return { mos, grade: gradeOf(mos), codec: now.codec, jitterMs, lossIn, lossOut: this.#lossOut, roundTripMs }
  }
}

function share(part: number, whole: number): number {
  return Math.min(1, Math.max(0, part / whole))
}

/** Root mean square of the samples between two readings (webrtc-stats, totalAudioEnergy). */
function level(energy: number, duration: number): number {
  return duration > 0 && energy > 0 ? Math.min(1, Math.sqrt(energy / duration)) : 0
}

const number = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined

/** Picks the counts of the one voice out of the dictionaries; undefined when there is none yet. */
function countsOf(stats: Iterable<Stats>, at: number): Counts | undefined {
  const all = [...stats]
  const voice = (type: string) => all.find((entry) => entry['type'] === type && entry['kind'] === 'audio')
  const inbound = voice('inbound-rtp')
  const outbound = voice('outbound-rtp')
  if (!inbound && !outbound) return undefined
  const remote = voice('remote-inbound-rtp')
  const selected = all.find((entry) => entry['type'] === 'transport')?.['selectedCandidatePairId']
  const pair = all.find((entry) => entry['type'] === 'candidate-pair' && entry['id'] === selected)
  const codecId = inbound?.['codecId'] ?? outbound?.['codecId']
  const codec = all.find((entry) => entry['type'] === 'codec' && entry['id'] === codecId)?.['mimeType']
  return {
    at,
    received: number(inbound?.['packetsReceived']) ?? 0,
    lost: number(inbound?.['packetsLost']) ?? 0,
    sent: number(outbound?.['packetsSent']) ?? 0,
    energyIn: number(inbound?.['totalAudioEnergy']) ?? 0,
    durationIn: number(inbound?.['totalSamplesDuration']) ?? 0,
    jitter: Math.max(0, number(inbound?.['jitter']) ?? 0),
    codec: typeof codec === 'string' ? codec.replace(/^audio\//iu, '').toLowerCase() : '',
    lostThere: number(remote?.['packetsLost']),
    reportedAt: number(remote?.['timestamp']),
    roundTrip: number(remote?.['roundTripTime']) ?? number(pair?.['currentRoundTripTime']),
  }
}
