import type { Ownership } from './types'

/**
 * Ownership of the phone among the tabs of one browser, by a Web Lock: a second tab must not sign a second phone in, which would
 * take the voice of a call from the first. When the owning tab closes, the longest waiting one becomes the owner by itself.
 * Where the browser has no Web Locks every page owns, and the server decides.
 */
export function makeOwnership(name: string, locks: LockManager | undefined = navigator.locks): Ownership {
  let told: (state: 'owned' | 'waiting' | 'lost') => void = () => {}
  let release: () => void = () => {}

  // Holds the lock until release is called; resolves when it is no longer held.
  const hold = async (): Promise<void> =>
    new Promise<void>((resolve) => {
      release = resolve
      told('owned')
    })

  const request = async (options: LockOptions): Promise<void> => {
    await locks?.request(name, options, async (lock) => {
      if (lock) await hold()
      else told('waiting')
    })
  }

  const wait = async (signal: AbortSignal): Promise<void> => {
    try {
      await locks?.request(name, { signal }, hold)
    } catch {
      if (signal.aborted) return
      told('lost') // another tab took it
      await wait(signal)
    }
  }

  let given = new AbortController()

  return {
    claim(listener) {
      told = listener
      if (!locks) {
        queueMicrotask(() => told('owned'))
        return () => {}
      }
      given = new AbortController()
      const { signal } = given
      void (async () => {
        const state = await locks.query()
        if (signal.aborted) return
        if (state.held?.some((lock) => lock.name === name)) told('waiting')
        await wait(signal)
      })()
      return () => {
        told = () => {}
        given.abort()
        release()
      }
    },

    take() {
      given.abort() // stops waiting; the stolen lock is ours until another tab steals it
      given = new AbortController()
      const { signal } = given
      void request({ steal: true }).catch(async () => {
        if (signal.aborted) return
        told('lost')
        await wait(signal)
      })
    },
  }
}
