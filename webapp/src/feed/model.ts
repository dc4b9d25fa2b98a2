import type { CallFieldsFragment, CallState, CustomerFieldsFragment, Presence } from '@/gql/graphql'
import type { Sign } from '@/lib/sign'

/** A call of mine as the feed tells it. */
export type MyCall = CallFieldsFragment
/** A customer with everything the card shows. */
export type CustomerInfo = CustomerFieldsFragment

/** What a call is to the operator; the screens know only these. */
export type Stage = 'offer' | 'dialling' | 'talking' | 'held' | 'rescuing' | 'wrapUp' | 'waiting' | 'over'

/** The stage of a call of mine. */
export function stageOf(call: Pick<MyCall, 'state' | 'direction'>): Stage {
  switch (call.state) {
    case 'NEW':
    case 'OFFERED':
    case 'RINGING':
      return call.direction === 'OUTBOUND' ? 'dialling' : call.state === 'NEW' ? 'waiting' : 'offer'
    case 'QUEUED':
      return 'waiting'
    case 'TALKING':
    case 'CONSULTING':
    case 'CONFERENCE':
      return 'talking'
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

/** Whether the customer is, or is being brought, on the line with the operator. */
export function isEngaged(stage: Stage): boolean {
  return stage === 'dialling' || stage === 'talking' || stage === 'held' || stage === 'rescuing'
}

/** The customer's end of the call, whoever called. */
export function customerParty(call: Pick<MyCall, 'direction' | 'from' | 'to'>): MyCall['from'] {
  return call.direction === 'OUTBOUND' ? call.to : call.from
}

const importance: Record<Stage, number> = {
  talking: 0,
  held: 0,
  rescuing: 0,
  dialling: 0,
  wrapUp: 1,
  offer: 2,
  waiting: 9,
  over: 9,
}

/**
 * The call that the screen is about, and the others. A conversation comes before its own notes, notes before a new offer: what comes
 * second never replaces the card.
 */
export function arrange(calls: readonly MyCall[]): { current: MyCall | undefined; others: readonly MyCall[] } {
  const relevant = calls.filter((call) => importance[stageOf(call)] < 9)
  const sorted = relevant.toSorted((a, b) => importance[stageOf(a)] - importance[stageOf(b)])
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
