import type { InteractionFieldsFragment } from '@/gql/graphql'
import { dayKey } from '@/lib/format'

type Interaction = Pick<InteractionFieldsFragment, 'startedAt' | 'talked' | 'channel'>

/** The operator's day so far. */
export interface Day {
  /** Calls in which somebody was talked to. */
  readonly calls: number
  /** Seconds of talk in all, and of a call; null when there was none. */
  readonly talked: number
  readonly average: number | null
  /** The list did not reach back to the morning: there are more. */
  readonly atLeast: boolean
}

/** Sums up today's calls from the newest interactions. */
export function dayOf(newest: readonly Interaction[], hasMore: boolean, now: number): Day {
  const today = dayKey(now)
  const calls = newest.filter(
    (item) => item.channel === 'CALL' && item.talked !== null && dayKey(item.startedAt) === today,
  )
  const talked = calls.reduce((sum, item) => sum + (item.talked ?? 0), 0)
  const last = newest.at(-1)
  return {
    calls: calls.length,
    talked,
    average: calls.length > 0 ? talked / calls.length : null,
    atLeast: hasMore && last !== undefined && dayKey(last.startedAt) === today,
  }
}
