import { useState } from 'react'
import type { MyCall } from '@/feed/model'
import type { CallTarget } from '@/gql/graphql'
import { useServices } from '@/session/context'
import type { Controls } from './controls'

export type Picking = 'transfer' | 'consult'

export interface ThirdParty {
  /** What somebody is being picked for; undefined while the picker is closed. */
  readonly picking: Picking | undefined
  readonly pick: (what: Picking) => void
  readonly close: () => void
  /** Sends the call, or brings in, whoever was picked. Returns whether the server accepted. */
  readonly picked: (to: CallTarget) => Promise<boolean>
  readonly swap: () => void
  readonly merge: () => void
  readonly complete: () => void
  readonly cancel: () => void
  readonly park: () => void
}

/** How long the notes may take to be saved before the call goes on without; milliseconds. */
const notesTime = 1500

/** Everything about somebody else in the call. What was written goes with the call: it is saved before the call is given away. */
export function useThirdParty(
  call: MyCall | undefined,
  controls: Controls,
  saveNotes: () => Promise<void>,
): ThirdParty {
  const { commands } = useServices()
  const [wanted, setWanted] = useState<{ callId: string; what: Picking }>()
  const id = call?.id ?? ''
  const picking = wanted?.callId === id && controls[wanted.what] === '' ? wanted.what : undefined
  const handOver = async (give: () => Promise<boolean>) => {
    await Promise.race([saveNotes(), new Promise((resolve) => setTimeout(resolve, notesTime))])
    return give()
  }
  return {
    picking,
    pick: (what) => {
      commands.forgetRefusal()
      setWanted({ callId: id, what })
    },
    close: () => {
      commands.forgetRefusal()
      setWanted(undefined)
    },
    picked: async (to) => {
      const accepted =
        picking === 'consult' ? await commands.consult(id, to) : await handOver(() => commands.transfer(id, to))
      if (accepted) setWanted(undefined)
      return accepted
    },
    swap: () => void commands.swap(id),
    merge: () => void commands.merge(id),
    complete: () => void handOver(() => commands.complete(id)),
    cancel: () => void commands.cancelConsult(id),
    park: () => void handOver(() => commands.park(id)),
  }
}
