// Storage that may be full, forbidden or absent: then the page works on, it only forgets.

/** A string store; localStorage and sessionStorage are. */
export interface Store {
  get(key: string): string | null
  set(key: string, value: string): void
  remove(key: string): void
}

function guarded(storage: () => Storage): Store {
  return {
    get(key) {
      try {
        return storage().getItem(key)
      } catch {
        return null
      }
    },
    set(key, value) {
      try {
        storage().setItem(key, value)
      } catch {
        // Nothing is lost but the memory over a reload.
      }
    },
    remove(key) {
      try {
        storage().removeItem(key)
      } catch {
        // As above.
      }
    },
  }
}

/** Lasts as long as the tab, survives a reload. */
export const tabStore: Store = guarded(() => window.sessionStorage)
/** Lasts on this computer. */
export const localStore: Store = guarded(() => window.localStorage)
