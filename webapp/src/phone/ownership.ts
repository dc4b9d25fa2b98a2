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
  const hold = async (signal: AbortSignal): Promise<void> =>
    new Promise<void>((resolve) => {
      release = resolve
      if (signal.aborted)
        resolve() // given up while the lock was on its way
      else told('owned')
    })

  // Whether the lock is free and taking it is one step: of two tabs that open at once, one is told to wait.
  const takeFree = async (signal: AbortSignal): Promise<'had' | 'waiting'> => {
    let outcome: 'had' | 'waiting' = 'had'
    await locks?.request(name, { ifAvailable: true }, async (lock) => {
      if (lock) await hold(signal)
      else outcome = 'waiting'
    })
    return outcome
  }

  const wait = async (signal: AbortSignal): Promise<void> => {
    try {
      await locks?.request(name, { signal }, async () => hold(signal))
    } catch {
      await wasTaken(signal)
    }
  }

  const wasTaken = async (signal: AbortSignal): Promise<void> => {
    if (signal.aborted) return
    told('lost') // another tab took it
    await wait(signal)
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
        try {
          if ((await takeFree(signal)) === 'had') return
        } catch {
          await wasTaken(signal)
          return
        }
        if (signal.aborted) return
        told('waiting')
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
      void locks?.request(name, { steal: true }, async () => hold(signal)).catch(async () => wasTaken(signal))
    },
  }
}
