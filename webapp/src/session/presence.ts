// Which tabs of this browser show the workspace: each holds a shared Web Lock, which no tab can forget to give back.

const nameOf = (operatorId: string) => `pult-workspace-${operatorId}`

/** Lets other tabs know that the workspace is shown here, until the returned function is called. */
export function showPresence(operatorId: string, locks: LockManager | null = navigator.locks ?? null): () => void {
  const over = new AbortController()
  const { signal } = over
  // Given up before it was granted, the request fails: as wanted.
  locks
    ?.request(nameOf(operatorId), { mode: 'shared', signal }, async () => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    })
    .catch(() => {})
  return () => over.abort()
}

/** Whether a tab of this browser shows the workspace. Without Web Locks nobody knows: no. */
export async function isPresent(
  operatorId: string,
  locks: LockManager | null = navigator.locks ?? null,
): Promise<boolean> {
  const { held = [] } = (await locks?.query()) ?? {}
  return held.some(({ name }) => name === nameOf(operatorId))
}
