import type { StepProblem } from '@/phone/preflight'

/** A way through the browser's own controls; drawn for each browser. */
export type BrowserTopic = 'allow' | 'unblock' | 'sound' | 'notify'
/** A thing to look at, whatever the browser. */
export type DrawnThing = 'headset' | 'switch' | 'loud' | 'programs' | 'network' | 'clock' | 'lock' | 'click'

/** What helps with each problem: clicks in the browser, or a look at something. */
export const helpWith: Record<StepProblem, { browser: BrowserTopic } | { thing: DrawnThing }> = {
  unanswered: { browser: 'allow' },
  denied: { browser: 'unblock' },
  insecure: { thing: 'lock' },
  missing: { thing: 'headset' },
  busy: { thing: 'programs' },
  broken: { thing: 'headset' },
  sound_blocked: { browser: 'sound' },
  volume_zero: { thing: 'loud' },
  zeros: { thing: 'switch' },
  muted: { thing: 'switch' },
  no_output: { thing: 'loud' },
  not_heard: { thing: 'loud' },
  notifications_default: { browser: 'allow' },
  notifications_denied: { browser: 'notify' },
  notifications_unsupported: { thing: 'click' },
  no_session: { thing: 'network' },
  no_socket: { thing: 'network' },
  not_registered: { thing: 'network' },
  echo_refused: { thing: 'network' },
  no_media: { thing: 'network' },
  no_echo: { thing: 'network' },
  skew: { thing: 'clock' },
  unreachable: { thing: 'network' },
  late: { thing: 'click' },
}

/** Problems that the settings page has the remedy for. */
export const inSettings: ReadonlySet<StepProblem> = new Set(['busy', 'volume_zero', 'zeros', 'no_output', 'not_heard'])
