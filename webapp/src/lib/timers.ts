/** Timers for what must go on while nobody looks at the page: the phone and the feed. */
export interface Timers {
  /** Calls act once, after so many milliseconds, unless the returned function is called before. */
  after(milliseconds: number, act: () => void): () => void
}

/** Calls act again and again, so many milliseconds apart, until the returned function is called. */
export function every(timers: Timers, milliseconds: number, act: () => void): () => void {
  let stop: () => void = () => {}
  let stopped = false
  const next = () => {
    stop = timers.after(milliseconds, () => {
      act()
      if (!stopped) next()
    })
  }
  next()
  return () => {
    stopped = true
    stop()
  }
}

/** The timers in the form that XState wants its clock in. */
export function clockOf(timers: Timers): {
  setTimeout: (act: () => void, milliseconds: number) => unknown
  clearTimeout: (id: unknown) => void
} {
  return {
    setTimeout: (act, milliseconds) => timers.after(milliseconds, act),
    clearTimeout: (id) => {
      if (typeof id === 'function') id()
    },
  }
}

/** The page's own timers, which the browser slows down while the page is hidden. */
export const plainTimers: Timers = {
  after(milliseconds, act) {
    const timer = setTimeout(act, milliseconds)
    return () => clearTimeout(timer)
  },
}

function order(worker: Worker, what: { id: number; wait?: number }): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's takes none
  worker.postMessage(what)
}

interface Pending {
  readonly act: () => void
  /** When it is due, by performance.now(). */
  readonly due: number
  /** Cancels it where the page's own timers have it. */
  cancel?: () => void
}

/**
 * Timers in a worker, which the browser does not slow down: an operator who looks at another window stays registered, and the page
 * stays current. The worker is made for the first timer and lives as long as the page. Where it cannot run, the page's own timers do.
 */
export class WorkerTimers implements Timers {
  readonly #make: (() => Worker) | undefined
  readonly #pending = new Map<number, Pending>()
  #worker: Worker | undefined
  #broken = false
  #last = 0

  /** make makes the worker (see timers-worker.ts); undefined where there are no workers. */
  constructor(make: (() => Worker) | undefined) {
    this.#make = make
  }

  after(milliseconds: number, act: () => void): () => void {
    const worker = this.#running()
    if (!worker) return plainTimers.after(milliseconds, act)
    const id = ++this.#last
    this.#pending.set(id, { act, due: performance.now() + milliseconds })
    order(worker, { id, wait: milliseconds })
    return () => {
      const pending = this.#pending.get(id)
      if (!pending) return
      this.#pending.delete(id)
      if (pending.cancel) pending.cancel()
      else order(worker, { id })
    }
  }

  #running(): Worker | undefined {
    if (this.#worker || this.#broken || !this.#make) return this.#worker
    try {
      this.#worker = this.#make()
    } catch {
      this.#broken = true
      return undefined
    }
    this.#worker.addEventListener('message', ({ data }: MessageEvent<number>) => this.#fire(data))
    // It could not be loaded (a release has replaced it, the browser forbids it): what waits for it goes on without it.
    this.#worker.addEventListener('error', () => this.#giveUp())
    return this.#worker
  }

  #fire(id: number): void {
    const pending = this.#pending.get(id)
    if (!this.#pending.delete(id)) return // cancelled while the message was under way
    pending?.act()
  }

  #giveUp(): void {
    this.#worker?.terminate()
    this.#worker = undefined
    this.#broken = true
    for (const [id, pending] of this.#pending) {
      pending.cancel = plainTimers.after(Math.max(0, pending.due - performance.now()), () => this.#fire(id))
    }
  }
}

/** The timers of this page. */
export const pageTimers: Timers = new WorkerTimers(
  typeof Worker === 'function'
    ? () => new Worker(new URL('./timers-worker.ts', import.meta.url), { type: 'module' })
    : undefined,
)
