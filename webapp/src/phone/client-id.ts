import type { Store } from '@/lib/storage'

const key = 'pult.window'

/**
 * Names this window to the server, the same over reloads. A duplicated tab starts with a copy of the session storage and hence with
 * the same name; only the tab that owns the phone ever uses it, so two windows never use one name at a time.
 */
export function clientId(store: Store, make: () => string = () => crypto.randomUUID()): string {
  const known = store.get(key)
  if (known) return known
  const made = make()
  store.set(key, made)
  return made
}
