import type { Readiness, ReadinessFieldsFragment } from '@/gql/graphql'

/** What needs somebody to act comes first: who wants calls and cannot have them. */
const order: readonly Readiness[] = ['NO_MICROPHONE', 'NO_PHONE', 'CAN_TAKE', 'BUSY', 'AWAY']

type Row = Pick<ReadinessFieldsFragment, 'readiness' | 'desk'> & {
  readonly operator: { readonly name: string }
  readonly health: { readonly troubles: readonly { readonly state: string }[] } | null
}

/** Whether something is wrong with the phone that keeps calls away, or soon will. */
export function hasTrouble({ readiness, desk, health }: Row): boolean {
  if (readiness === 'NO_MICROPHONE' || readiness === 'NO_PHONE') return true
  return !desk && (health?.troubles ?? []).some(({ state }) => state === 'FAILED')
}

/** Everybody, those with trouble first, then by what they can, then by name. */
export function arrange<T extends Row>(all: readonly T[]): T[] {
  return all.toSorted(
    (a, b) =>
      Number(hasTrouble(b)) - Number(hasTrouble(a)) ||
      order.indexOf(a.readiness) - order.indexOf(b.readiness) ||
      a.operator.name.localeCompare(b.operator.name),
  )
}
