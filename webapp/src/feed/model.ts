import type { CallFieldsFragment, CallState, CustomerFieldsFragment, LegRole, Presence } from '@/gql/graphql'
import type { Sign } from '@/lib/sign'

/** What the viewer is in a call: the one who leads it, or the colleague who is consulted. */
export type Part = 'operator' | 'guest'
/** A call of mine as the feed tells it. */
export type MyCall = CallFieldsFragment & { readonly part: Part }
/** A customer with everything the card shows. */
export type CustomerInfo = CustomerFieldsFragment

/** What a call is to the operator; the screens know only these. */
export type Stage =
  | 'offer'
  | 'dialling'
  | 'talking'
  | 'held'
  /** I have brought a third party in. */
  | 'consulting'
  /** All three hear each other. */
  | 'conference'
  /** I am the third party. */
  | 'consulted'
  | 'rescuing'
  | 'wrapUp'
  | 'waiting'
  | 'over'

export function partIn(call: Pick<CallFieldsFragment, 'operator' | 'consult'>, operatorId: string): Part {
  return call.operator?.id !== operatorId && call.consult?.operator?.id === operatorId ? 'guest' : 'operator'
}

/** Whether a call is being dialled by whom it is with. Once the customer has answered, it rings for whoever it is given to. */
export function isDialled(call: Pick<CallFieldsFragment, 'direction' | 'answeredAt'>): boolean {
  return call.direction === 'OUTBOUND' && call.answeredAt === null
}

/** The stage of a call of mine. */
export function stageOf(call: Pick<MyCall, 'state' | 'direction' | 'answeredAt' | 'part' | 'consult'>): Stage {
  if (call.part === 'guest' && call.consult) return call.consult.reached ? 'consulted' : 'offer'
  switch (call.state) {
    case 'NEW':
    case 'OFFERED':
    case 'RINGING':
      return isDialled(call) ? 'dialling' : call.state === 'NEW' ? 'waiting' : 'offer'
    case 'QUEUED':
      return 'waiting'
    case 'TALKING':
      return 'talking'
    case 'CONSULTING':
      return 'consulting'
    case 'CONFERENCE':
      return 'conference'
    case 'HELD':
      return 'held'
    case 'RESCUING':
      return 'rescuing'
    case 'WRAP_UP':
      return 'wrapUp'
    case 'ENDED':
      return 'over'
  }
}

/** Whether the customer is, or is being brought, on the line with the operator; or the one whom the operator advises. */
export function isEngaged(stage: Stage): boolean {
  return engaged.has(stage)
}

const engaged: ReadonlySet<Stage> = new Set([
  'dialling',
  'talking',
  'held',
  'consulting',
  'conference',
  'consulted',
  'rescuing',
])

/**
 * Why there is no room for a call that is dialled, taken or picked up; empty when there is. There may be two: the second beside one that
 * is led, on hold, or written about. Whoever is spoken with is put on hold by the server.
 */
export function roomFor(calls: readonly MyCall[]): '' | 'twoCalls' | 'inCall' {
  const own = calls.filter((call) => importance[stageOf(call)] < 9)
  if (own.length > 1) return 'twoCalls'
  return own.every((call) => call.part === 'operator' && besides.has(stageOf(call))) ? '' : 'inCall'
}

const besides: ReadonlySet<Stage> = new Set(['talking', 'held', 'wrapUp'])

/** Whether the viewer is not heard in the call. */
export function isMuted(call: Pick<MyCall, 'part' | 'muted' | 'legs'>): boolean {
  return call.part === 'guest' ? (legOf(call, 'GUEST')?.muted ?? false) : call.muted
}

export function legOf(call: Pick<MyCall, 'legs'>, role: LegRole): MyCall['legs'][number] | undefined {
  return call.legs.find((leg) => leg.role === role)
}

/** The customer's end of the call, whoever called. */
export function customerParty(call: Pick<MyCall, 'direction' | 'from' | 'to'>): MyCall['from'] {
  return call.direction === 'OUTBOUND' ? call.to : call.from
}

const importance: Record<Stage, number> = {
  talking: 0,
  consulting: 0,
  conference: 0,
  consulted: 0,
  rescuing: 0,
  dialling: 0,
  held: 1,
  wrapUp: 2,
  offer: 3,
  waiting: 9,
  over: 9,
}

/**
 * The call that the screen is about, and the others. Who is spoken with comes before who is on hold, a conversation before notes, notes
 * before a new offer: what comes second never replaces the card, and keys and buttons never reach whoever is not heard. Of two on hold
 * it is the one that was spoken with last: putting a call on hold does not turn the screen to the other.
 */
export function arrange(calls: readonly MyCall[]): { current: MyCall | undefined; others: readonly MyCall[] } {
  const relevant = calls.filter((call) => importance[stageOf(call)] < 9)
  const sorted = relevant.toSorted((a, b) => {
    const rank = importance[stageOf(a)]
    return rank - importance[stageOf(b)] || (rank <= importance.held ? Date.parse(b.since) - Date.parse(a.since) : 0)
  })
  const [current, ...others] = sorted
  return { current, others }
}

const presenceSigns: Record<Presence, Sign> = {
  READY: 'ready',
  OFFERED: 'offered',
  TALKING: 'talking',
  HELD: 'held',
  WRAP_UP: 'wrapUp',
  PAUSED: 'paused',
  OFFLINE: 'offline',
}

export function signOfPresence(presence: Presence): Sign {
  return presenceSigns[presence]
}

export function signOfStage(stage: Stage): Sign {
  switch (stage) {
    case 'offer':
    case 'dialling':
    case 'waiting':
      return 'offered'
    case 'talking':
      return 'talking'
    case 'held':
      return 'held'
    case 'consulting':
    case 'consulted':
      return 'consulting'
    case 'conference':
      return 'conference'
    case 'rescuing':
      return 'trouble'
    case 'wrapUp':
      return 'wrapUp'
    case 'over':
      return 'offline'
  }
}

/** States in which a customer waits for somebody. */
export const waitingStates: ReadonlySet<CallState> = new Set(['NEW', 'QUEUED', 'OFFERED', 'RINGING'])
