import type { Flow } from './quality'

/** What the operator is warned of. */
export type AlertKind = 'ONE_WAY_IN' | 'ONE_WAY_OUT' | 'DEAD_AIR' | 'MUTED_TALK' | 'LONG_HOLD'

/** What is known of the conversation at one moment. */
export interface Moment {
  /** Milliseconds. */
  readonly at: number
  /** Both are to hear each other. */
  readonly talking: boolean
  /** Since when the customer is on hold; undefined when not. Milliseconds. */
  readonly heldSince: number | undefined
  readonly muted: boolean
  /** Undefined while the browser tells nothing. */
  readonly flow: Flow | undefined
  /** Loudness at the microphone, muted or not, 0 to 1; undefined when not measured. */
  readonly microphone: number | undefined
}

/** When the site wants warnings; milliseconds. */
export interface AlertTimes {
  readonly longHold: number
  readonly deadAir: number
}

/** A change of what is warned of. */
export interface AlertChange {
  readonly kind: AlertKind
  readonly at: number
  readonly over: boolean
}

/** How long a thing must last before it is warned of, and be over before the warning goes; milliseconds. */
interface Patience {
  readonly raise: number
  readonly clear: number
}

/** Loudness of a voice: effective value, full scale is 1. -46 dBFS; rooms and fans stay below after noise suppression. */
export const voiceLevel = 0.005
/** Loudness of somebody who speaks into this very microphone, -34 dBFS: the colleague at the next desk is not meant. */
export const nearVoiceLevel = 0.02

/**
 * What is to be warned of. Each thing has to last before it is one, and to be over for a while before it is none, so that no warning
 * flickers. Pure but for its memory: the time comes with each moment.
 */
export class Alerts {
  readonly #times: AlertTimes
  readonly #watches = new Map<AlertKind, { since: number | undefined; on: boolean }>()

  constructor(times: AlertTimes) {
    this.#times = times
  }

  /** What is warned of now. */
  get active(): readonly AlertKind[] {
    return [...this.#watches].filter(([, watch]) => watch.on).map(([kind]) => kind)
  }

  /** Takes the next moment; returns what has changed. */
  next(moment: Moment): readonly AlertChange[] {
    const { talking, flow, microphone, muted, heldSince, at } = moment
    const { deadAir, longHold } = this.#times
    const deaf = talking && flow !== undefined && flow.received === 0 && flow.sent > 0
    const silent = talking && !deaf && flow !== undefined && flow.levelIn < voiceLevel && (microphone ?? 1) < voiceLevel
    const changes = [
      // Three ticks, which come a little early, too: it is to be told within five seconds.
      this.#watch('ONE_WAY_IN', deaf, { raise: 2900, clear: 1000 }, moment),
      this.#watch('ONE_WAY_OUT', talking && flow?.unheard === true, { raise: 1000, clear: 3000 }, moment),
      this.#watch('DEAD_AIR', silent, { raise: deadAir, clear: 0 }, moment),
      // A cough is no speech: it has to be heard again a second later.
      this.#watch(
        'MUTED_TALK',
        talking && muted && (microphone ?? 0) >= nearVoiceLevel,
        { raise: 1000, clear: 4000 },
        moment,
      ),
      this.#watch('LONG_HOLD', heldSince !== undefined && at - heldSince >= longHold, { raise: 0, clear: 0 }, moment),
    ].flat()
    // What makes no sense any more ends at once.
    if (!talking) changes.push(...this.#end(['ONE_WAY_IN', 'ONE_WAY_OUT', 'DEAD_AIR', 'MUTED_TALK'], at))
    if (!muted) changes.push(...this.#end(['MUTED_TALK'], at))
    return changes
  }

  /** Ends everything: the conversation is over. */
  end(at: number): readonly AlertChange[] {
    return this.#end([...this.#watches.keys()], at)
  }

  #watch(kind: AlertKind, wrong: boolean, { raise, clear }: Patience, { at }: Moment): AlertChange[] {
    const watch = this.#watches.get(kind) ?? { since: undefined, on: false }
    this.#watches.set(kind, watch)
    if (wrong === watch.on) {
      watch.since = undefined
      return []
    }
    watch.since ??= at
    if (at - watch.since < (wrong ? raise : clear)) return []
    const since = watch.since
    watch.on = wrong
    watch.since = undefined
    return [{ kind, at: since, over: !wrong }]
  }

  #end(kinds: readonly AlertKind[], at: number): AlertChange[] {
    return kinds.flatMap((kind) => {
      const watch = this.#watches.get(kind)
      if (!watch) return []
      watch.since = undefined
      if (!watch.on) return []
      watch.on = false
      return [{ kind, at, over: true }]
    })
  }
}
