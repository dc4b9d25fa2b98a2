import type { Store } from '@/lib/storage'

const key = 'pult.window'

/**
 * Names to the server the window that may have the phone, the same over reloads. Kept for the whole browser where its tabs agree on
 * one owner (see makeOwnership): a tab that inherits the phone from a closed one then renews what the browser has, and takes it from
 * nobody. Only the owner ever uses the name.
 */
export function clientId(store: Store, make: () => string = () => crypto.randomUUID()): string {
  const known = store.get(key)
  if (known) return known
  const made = make()
  store.set(key, made)
  return made
}
