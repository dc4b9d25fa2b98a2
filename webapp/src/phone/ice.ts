import type { Timers } from '@/lib/timers'

/** After the first host candidate, how long further ones are awaited; milliseconds. */
const afterHost = 300
/** After the first candidate of any kind, how long at most. */
const atMost = 1500

interface IceCandidateEvent {
  readonly candidate: { readonly candidate: string }
  readonly ready: () => void
}

/**
 * Ends the gathering of ICE candidates in time. Left to itself JsSIP waits until the browser has tried everything, which takes up to
 * 40 s where an interface is dead (versatica/JsSIP#940), and the operator hears nothing meanwhile.
 * The returned handler is for the `icecandidate` event of one session; each offer or answer of the session gets its own `ready`.
 */
export function boundGathering(timers: Timers): (event: IceCandidateEvent) => void {
  let current: (() => void) | undefined
  let cancelCap: (() => void) | undefined
  let cancelEarly: (() => void) | undefined
  return ({ candidate, ready }) => {
    if (ready !== current) {
      cancelCap?.()
      cancelEarly?.()
      cancelEarly = undefined
      current = ready
      cancelCap = timers.after(atMost, ready)
    }
    if (cancelEarly === undefined && / typ host/u.test(candidate.candidate))
      cancelEarly = timers.after(afterHost, ready)
  }
}
