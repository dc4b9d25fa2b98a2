import type { PreflightState, StepName } from '@/phone/preflight'
import { useObservable, usePhone, useServices } from './context'

/** The check of the phone where the phone is: in this page, or in its own window, which this page shows and commands. */
interface ShownCheck {
  readonly state: PreflightState
  /** It runs in this page, whose microphone and loudspeaker can be tried. */
  readonly here: boolean
  /** Takes a step again; without a name all of them. */
  readonly again: (name?: StepName) => void
}

export function useCheck(): ShownCheck {
  const { checks, share } = useServices()
  const own = useObservable(checks.preflight.state)
  const remote = useObservable(share.remote)
  const { at } = usePhone()
  if (at === 'window' && remote)
    return { state: remote.check, here: false, again: (name) => share.command(name ? `CHECK ${name}` : 'CHECK') }
  const { preflight } = checks
  return { state: own, here: true, again: (name) => void (name ? preflight.again(name) : preflight.run()) }
}
