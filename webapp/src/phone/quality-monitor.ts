import { Observable } from '@/lib/observable'
import { Alerts, type AlertChange, type AlertKind, type AlertTimes, type Moment } from './alerts'
import type { Level } from './level'
import { QualityMeter, type Figures } from './quality'
import type { Stats } from './types'

/** The conversation that is to be watched, as the page knows it at this moment. */
export interface Watched {
  readonly session: string
  readonly callId: string
  readonly talking: boolean
  /** Milliseconds, by the server's clock; undefined when the customer is not on hold. */
  readonly heldSince: number | undefined
  readonly muted: boolean
  readonly microphone: MediaStream | undefined
}

/** What is told to the server of one call. */
export interface QualityReport {
  readonly callId: string
  readonly samples: readonly (Figures & { readonly at: number })[]
  readonly alerts: readonly AlertChange[]
}

/** What the page shows. */
export interface QualityView {
  /** Empty while nobody is watched. */
  readonly callId: string
  readonly figures: Figures | undefined
  readonly alerts: readonly AlertKind[]
}

/** What the monitor reaches out with. */
export interface MonitorParts {
  /** Ticks every second, also while the page is hidden. */
  readonly ticker: (tick: () => void) => () => void
  readonly watched: () => Watched | undefined
  readonly stats: (session: string) => Promise<readonly Stats[]>
  readonly listenTo: (stream: MediaStream) => Level
  /** The server's time, milliseconds. */
  readonly now: () => number
  readonly times: () => AlertTimes
  /** Resolves to whether the server has the report, or will never want it; false keeps it for the next time. */
  readonly report: (report: QualityReport) => Promise<boolean>
}

/** A new window of figures is shown and kept every so often; milliseconds. */
const sampleEvery = 2000
/** Figures are told to the server together; an alert at once. Milliseconds. */
const reportEvery = 10_000
/** What the server takes in one report. While it is away the newest are kept. */
const maxSamples = 60
const maxAlerts = 20

const nothing: QualityView = { callId: '', figures: undefined, alerts: [] }

/** One conversation under watch. */
class Watch {
  readonly session: string
  readonly callId: string
  readonly meter = new QualityMeter()
  readonly alerts: Alerts
  #microphone: MediaStream | undefined
  #level: Level | undefined
  figures: Figures | undefined
  sampledAt = 0
  reportedAt: number
  samples: (Figures & { at: number })[] = []
  changes: AlertChange[] = []

  constructor(watched: Watched, times: AlertTimes, at: number) {
    this.session = watched.session
    this.callId = watched.callId
    this.alerts = new Alerts(times)
    this.reportedAt = at
  }

  /** The loudness at the microphone, which may be another one by now. */
  loudness(microphone: MediaStream | undefined, listenTo: MonitorParts['listenTo']): number | undefined {
    if (microphone !== this.#microphone) {
      this.#level?.stop()
      this.#microphone = microphone
      this.#level = microphone && listenTo(microphone)
    }
    return this.#level?.read()
  }

  deaf(): void {
    this.#level?.stop()
  }
}

/** Watches the voice of the present call: shows how it sounds, warns, and tells the server. Knows no React, no JsSIP, no GraphQL. */
export class QualityMonitor {
  readonly view = new Observable<QualityView>(nothing)

  readonly #parts: MonitorParts
  #watch: Watch | undefined
  #busy = false

  constructor(parts: MonitorParts) {
    this.#parts = parts
  }

  /** Starts; the returned function ends it. */
  start(): () => void {
    const stop = this.#parts.ticker(() => void this.tick())
    return () => {
      stop()
      this.#end()
    }
  }

  /** One look; the ticker calls it. */
  async tick(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    try {
      await this.#look()
    } finally {
      this.#busy = false
    }
  }

  async #look(): Promise<void> {
    const { watched: who, stats, now, times, listenTo } = this.#parts
    const watched = who()
    if (this.#watch && (watched?.session !== this.#watch.session || watched.callId !== this.#watch.callId)) this.#end()
    if (!watched) return
    this.#watch ??= new Watch(watched, times(), now())
    const watch = this.#watch
    const found = await stats(watch.session)
    if (watch !== this.#watch) return // the call ended meanwhile
    const at = now()
    const reading = watch.meter.read(found, at)
    const moment: Moment = {
      at,
      talking: watched.talking,
      heldSince: watched.heldSince,
      muted: watched.muted,
      flow: reading?.flow,
      microphone: watch.loudness(watched.microphone, listenTo),
    }
    const changes = watch.alerts.next(moment)
    watch.changes = [...watch.changes, ...changes].slice(-maxAlerts)
    // On hold nothing is sent to us: the last figures stay.
    if (at - watch.sampledAt >= sampleEvery - 100 && reading?.figures) {
      watch.sampledAt = at
      watch.figures = reading.figures
      if (watched.talking) watch.samples = [...watch.samples, { ...reading.figures, at }].slice(-maxSamples)
    }
    this.#show(watch)
    if (changes.length > 0 || at - watch.reportedAt >= reportEvery) await this.#report(watch)
  }

  #show(watch: Watch): void {
    const { callId, figures } = watch
    const { active: alerts } = watch.alerts
    const shown = this.view.get()
    if (shown.callId === callId && shown.figures === figures && shown.alerts.join(' ') === alerts.join(' ')) return
    this.view.set({ callId, figures, alerts })
  }

  #end(): void {
    const watch = this.#watch
    this.#watch = undefined
    this.view.set(nothing)
    if (!watch) return
    watch.deaf()
    watch.changes = [...watch.changes, ...watch.alerts.end(this.#parts.now())].slice(-maxAlerts)
    void this.#report(watch)
  }

  async #report(watch: Watch): Promise<void> {
    const { samples, changes: alerts, callId } = watch
    watch.reportedAt = this.#parts.now()
    if (samples.length + alerts.length === 0) return
    watch.samples = []
    watch.changes = []
    if (await this.#parts.report({ callId, samples, alerts })) return
    watch.samples = [...samples, ...watch.samples].slice(-maxSamples)
    watch.changes = [...alerts, ...watch.changes].slice(-maxAlerts)
  }
}
