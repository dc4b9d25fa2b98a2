import type { MyCall } from '@/feed/model'

/**
 * The name of the colleague whose phone failed in the talk and did not come back in time: whoever has the call now goes on with a
 * customer who was cut off. Undefined where nobody was.
 */
export function lostBy(call: Pick<MyCall, 'route' | 'operator'>): string | undefined {
  // What comes back from a transfer has no operator there.
  const gone = call.route.findLast(({ kind, operator }) => kind === 'RETURNED' && operator !== null)?.operator
  return gone?.id === call.operator?.id ? undefined : gone?.name
}
