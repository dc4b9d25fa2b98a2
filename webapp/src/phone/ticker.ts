import { tickInterval } from './tick-interval'

/** Calls tick every ten seconds, also while the page is hidden, until the returned function is called. */
export type Ticker = (tick: () => void) => () => void

/** A ticker in a worker: an operator who looks at another window stays registered. */
export const workerTicker: Ticker = (tick) => {
  if (typeof Worker !== 'function') {
    const timer = setInterval(tick, tickInterval)
    return () => clearInterval(timer)
  }
  const worker = new Worker(new URL('./ticker-worker.ts', import.meta.url), { type: 'module' })
  worker.addEventListener('message', tick)
  return () => worker.terminate()
}
