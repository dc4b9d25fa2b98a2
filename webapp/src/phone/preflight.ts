import { Observable } from '@/lib/observable'
import type { Timers } from '@/lib/timers'

/** What a check looks at, in the order in which it does. */
export const stepNames = [
  'permission',
  'microphone',
  'ringtone',
  'level',
  'speaker',
  'notifications',
  'connection',
  'registration',
  'media',
  'clock',
] as const
export type StepName = (typeof stepNames)[number]

/** waiting: not taken, or not possible as long as an earlier step fails; warn: works, but not as it should. */
export type StepState = 'waiting' | 'running' | 'ok' | 'warn' | 'failed'

/** What can be found wrong; each has words and a picture in the page. */
export type StepProblem =
  | 'unanswered'
  | 'denied'
  | 'insecure'
  | 'missing'
  | 'busy'
  | 'broken'
  | 'sound_blocked'
  | 'volume_zero'
  | 'zeros'
  | 'muted'
  | 'no_output'
  | 'not_heard'
  | 'notifications_default'
  | 'notifications_denied'
  | 'notifications_unsupported'
  | 'no_session'
  | 'no_socket'
  | 'not_registered'
  | 'echo_refused'
  | 'no_media'
  | 'no_echo'
  | 'skew'
  | 'unreachable'
  | 'late'

export interface Step {
  readonly name: StepName
  readonly state: StepState
  readonly problem: StepProblem | ''
  /** A figure or a name worth knowing: "24 ms". */
  readonly detail: string
}

/** What a probe found. */
export interface Finding {
  readonly state: 'ok' | 'warn' | 'failed'
  readonly problem?: StepProblem
  readonly detail?: string
}

/**
 * Looks at one thing. It gives up what it holds when the signal is aborted: it took too long, or nobody wants to know any more. hint
 * shows a problem while it is still looking: the browser asks the person something.
 */
export type Probe = (signal: AbortSignal, hint: (problem: StepProblem | '') => void) => Promise<Finding>

/** How a step is taken. */
export interface StepPlan {
  readonly probe: Probe
  /** Milliseconds until it is given up. */
  readonly limit: number
  /** The problem when it is. */
  readonly late: StepProblem
  /** Nothing after it can work while it fails. */
  readonly hard?: boolean
  /** Steps that have to be well for it. */
  readonly needs?: readonly StepName[]
}

/** The steps that this page takes; one that is missing does not concern it. */
export type PreflightPlan = Partial<Record<StepName, StepPlan>>

/** idle: not begun, or given up; done: every step that can be taken has been. */
export interface PreflightState {
  readonly phase: 'idle' | 'running' | 'done'
  readonly steps: readonly Step[]
}

/** The step as it is before it is taken. */
const untaken = (name: StepName): Step => ({ name, state: 'waiting', problem: '', detail: '' })

/**
 * Preflight checks a phone before the first call, one step after the other. It stops at the first failure of a hard step, passes over
 * what needs a step that fails, and lets single steps be taken again; then it goes on with what was waiting.
 */
export class Preflight {
  readonly state: Observable<PreflightState>

  readonly #plan: () => PreflightPlan
  readonly #timers: Timers
  #run = new AbortController()

  /** plan is asked at each run: what concerns the page may have changed. */
  constructor(plan: () => PreflightPlan, timers: Timers) {
    this.#plan = plan
    this.#timers = timers
    this.state = new Observable<PreflightState>({ phase: 'idle', steps: [] })
  }

  /** Takes all steps anew. Resolves when that is done, or given up for another run. */
  async run(): Promise<void> {
    const plan = this.#plan()
    const signal = this.#begin(stepNames.filter((name) => plan[name]).map(untaken))
    await this.#goOn(plan, signal)
  }

  /** Takes these steps again, then what was waiting. Before the first run there is nothing to take again. */
  async again(...names: StepName[]): Promise<void> {
    if (this.state.get().steps.length === 0) return
    const plan = this.#plan()
    const signal = this.#begin(
      this.state
        .get()
        .steps.map((step) => (names.includes(step.name) || step.state === 'running' ? untaken(step.name) : step)),
    )
    await this.#goOn(plan, signal)
  }

  /** Takes a person's word on a step: they heard the tone, or not. */
  note(name: StepName, { state, problem, detail = '' }: Finding): void {
    this.#set({ name, state, problem: problem ?? '', detail })
  }

  /** Gives up: the phone is no longer here. */
  stop(): void {
    this.#run.abort()
    this.state.set({ phase: 'idle', steps: [] })
  }

  #begin(steps: readonly Step[]): AbortSignal {
    this.#run.abort()
    this.#run = new AbortController()
    this.state.set({ phase: 'running', steps })
    return this.#run.signal
  }

  async #goOn(plan: PreflightPlan, signal: AbortSignal): Promise<void> {
    for (const name of stepNames) {
      const way = plan[name]
      const now = this.#step(name)
      if (!way || !now) continue
      // oxlint-disable-next-line no-await-in-loop -- each step stands on those before
      if (now.state === 'waiting' && this.#possible(way)) await this.#take(name, way, signal)
      if (signal.aborted) return
      if (way.hard && this.#step(name)?.state === 'failed') break
    }
    this.state.set({ ...this.state.get(), phase: 'done' })
  }

  #possible({ needs = [] }: StepPlan): boolean {
    return needs.every((name) => {
      const state = this.#step(name)?.state
      return state === undefined || state === 'ok' || state === 'warn'
    })
  }

  async #take(name: StepName, { probe, limit, late }: StepPlan, run: AbortSignal): Promise<void> {
    const own = new AbortController()
    const giveUp = () => own.abort()
    run.addEventListener('abort', giveUp)
    let cancel: () => void = () => {}
    const tooLate = new Promise<Finding>((resolve) => {
      cancel = this.#timers.after(limit, () => {
        const hinted = this.#step(name)?.problem
        resolve({ state: 'failed', problem: hinted === undefined || hinted === '' ? late : hinted })
      })
    })
    const replaced = new Promise<undefined>((resolve) => own.signal.addEventListener('abort', () => resolve(undefined)))
    const running = (problem: StepProblem | '') => {
      if (!own.signal.aborted) this.#set({ name, state: 'running', problem, detail: '' })
    }
    running('')
    const looked = (async (): Promise<Finding> => {
      try {
        return await probe(own.signal, running)
      } catch {
        return { state: 'failed', problem: 'broken' }
      }
    })()
    const found = await Promise.race([looked, tooLate, replaced])
    cancel()
    run.removeEventListener('abort', giveUp)
    own.abort()
    if (found && !run.aborted) this.note(name, found)
  }

  #set(step: Step): void {
    const { phase, steps } = this.state.get()
    this.state.set({ phase, steps: steps.map((old) => (old.name === step.name ? step : old)) })
  }

  #step(name: StepName): Step | undefined {
    return this.state.get().steps.find((step) => step.name === name)
  }
}

/** The worst of a check: what its banner is about. */
export function worstOf({ steps }: PreflightState): Step | undefined {
  return steps.find(({ state }) => state === 'failed') ?? steps.find(({ state }) => state === 'warn')
}
