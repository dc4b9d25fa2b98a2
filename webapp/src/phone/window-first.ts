import type { Timers } from '@/lib/timers'
import type { Ownership } from './types'

/** A phone window that is being reloaded is back within this time; milliseconds. */
const reload = 700
/** A phone window that has been opened takes the phone within this time; milliseconds. */
const arrival = 2000

interface WindowFirst {
  readonly inner: Ownership
  readonly timers: Timers
  /** Whether the operator wants the phone in a window of its own. Asked anew each time. */
  readonly wanted: () => boolean
  /** Opens that window; tells whether the browser has let it open. */
  readonly open: () => boolean
  /** The operator has just signed in: there is no window that could come back, and the click lets one open. */
  readonly fresh: boolean
}

/**
 * Ownership for a page beside which the phone is to have a window of its own. What falls to the page by itself, since no window has
 * it, is offered to a window first. Where none comes the page has the phone, so that there is one in any case. A person who takes it into the page gets it at once.
 */
export function windowFirst({ inner, timers, wanted, open, fresh }: WindowFirst): Ownership {
  let taken = false
  let first = fresh
  return {
    claim(told) {
      let cancel = () => {}
      const offer = () => {
        first = false
        if (open()) cancel = timers.after(arrival, () => told('owned'))
        else told('owned')
      }
      const release = inner.claim((state) => {
        cancel()
        if (state !== 'owned' || taken || !wanted()) {
          taken = taken && state === 'owned'
          told(state)
          return
        }
        if (first) offer()
        else cancel = timers.after(reload, offer)
      })
      return () => {
        cancel()
        release()
      }
    },

    take() {
      taken = true
      inner.take()
    },
  }
}

/** Ownership for the window that is there for the phone: it takes it from whichever page has it meanwhile. */
export function windowOwnership(inner: Ownership): Ownership {
  return {
    claim(told) {
      const release = inner.claim(told)
      inner.take()
      return release
    },
    take: inner.take.bind(inner),
  }
}
