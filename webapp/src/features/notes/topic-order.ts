import type { Store } from '@/lib/storage'

const key = 'pult.topics'

/** How often each topic was chosen on this computer. */
export function topicUse(store: Store): ReadonlyMap<string, number> {
  try {
    const stored: unknown = JSON.parse(store.get(key) ?? '{}')
    if (typeof stored !== 'object' || stored === null) return new Map()
    return new Map(Object.entries(stored).filter((entry): entry is [string, number] => typeof entry[1] === 'number'))
  } catch {
    return new Map()
  }
}

/** Notes that a topic was chosen for a finished call. */
export function countTopic(store: Store, topicId: string): void {
  const use = new Map(topicUse(store))
  use.set(topicId, (use.get(topicId) ?? 0) + 1)
  store.set(key, JSON.stringify(Object.fromEntries(use)))
}

/** Topics, the most used first; equals keep the server's order. */
export function byUse<T extends { readonly id: string }>(
  topics: readonly T[],
  use: ReadonlyMap<string, number>,
): readonly T[] {
  return topics.toSorted((a, b) => (use.get(b.id) ?? 0) - (use.get(a.id) ?? 0))
}
