import { customerParty, legOf, type MyCall } from '@/feed/model'
import type { ConsultSide } from '@/gql/graphql'
import type { Sign } from '@/lib/sign'

/** Where a party is, as the PBX confirmed it. The words are in the locales under `party`. */
export type Place =
  'calling' | 'ringing' | 'connecting' | 'withYou' | 'music' | 'conference' | 'withColleague' | 'withCustomer'

export interface PartyView {
  readonly role: 'customer' | 'guest' | 'operator'
  /** Empty: the number is withheld. */
  readonly name: string
  readonly place: Place
  readonly muted: boolean
  /** Their leg; undefined where the viewer may do nothing with it. */
  readonly legId: string | undefined
}

const signs: Record<Place, Sign> = {
  calling: 'offline',
  ringing: 'offered',
  connecting: 'offline',
  withYou: 'talking',
  music: 'held',
  conference: 'conference',
  withColleague: 'consulting',
  withCustomer: 'consulting',
}

export function signOfPlace(place: Place): Sign {
  return signs[place]
}

/** Where the customer and the other one are, by whom the operator hears. */
const seenByOperator: Record<ConsultSide, readonly [customer: Place, guest: Place]> = {
  CUSTOMER: ['withYou', 'music'],
  GUEST: ['music', 'withYou'],
  BOTH: ['conference', 'conference'],
}
const seenByGuest: Record<ConsultSide, readonly [customer: Place, operator: Place]> = {
  CUSTOMER: ['withColleague', 'withCustomer'],
  GUEST: ['music', 'withYou'],
  BOTH: ['conference', 'conference'],
}

export function customerName(call: Pick<MyCall, 'customer' | 'direction' | 'from' | 'to'>): string {
  const party = customerParty(call)
  return call.customer?.name || party.name || party.number.display
}

/** Who else is in a call with a third party, from the viewer's place. Empty where there is none, or none yet. */
export function partiesOf(call: MyCall): readonly PartyView[] {
  const { consult } = call
  if (!consult || (call.part === 'guest' && !consult.reached)) return []
  const leg = legOf(call, 'CUSTOMER')
  const guest = legOf(call, 'GUEST')
  const { front } = consult
  const customer = { role: 'customer', name: customerName(call), muted: leg?.muted ?? false } as const
  const unsure: Place = call.held ? 'music' : 'connecting'
  if (call.part === 'guest') {
    const [customerAt, operatorAt] = front === null ? [unsure, 'connecting' as const] : seenByGuest[front]
    const name = call.operator?.name ?? consult.by?.name ?? ''
    return [
      { ...customer, place: customerAt, legId: undefined },
      { role: 'operator', name, place: operatorAt, muted: call.muted, legId: undefined },
    ]
  }
  const [customerAt, guestAt] = front === null ? [unsure, 'connecting' as const] : seenByOperator[front]
  const place = consult.reached ? guestAt : guest?.state === 'RINGING' ? 'ringing' : 'calling'
  const name = consult.operator?.name ?? (consult.party.name || consult.party.number.display)
  return [
    { ...customer, place: customerAt, legId: leg?.id },
    { role: 'guest', name, place, muted: guest?.muted ?? false, legId: guest?.id },
  ]
}
