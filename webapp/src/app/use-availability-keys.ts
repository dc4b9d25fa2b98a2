import { useQuery } from '@apollo/client/react'
import { PauseReasonsDocument } from '@/gql/graphql'
import { useFeedPhase, useServices } from '@/session/context'
import { useReadyReason } from '@/session/use-ready'
import { useHotkey } from './hotkeys'

/** R: ready. P: pause with the first reason of the list. */
export function useAvailabilityKeys(): void {
  const { commands } = useServices()
  const readyReason = useReadyReason()
  const live = useFeedPhase() === 'live'
  const { data } = useQuery(PauseReasonsDocument)
  const first = data?.pauseReasons.find((reason) => !reason.system)
  useHotkey({ code: 'KeyR' }, () => {
    if (readyReason === '') void commands.setAvailability('READY')
  })
  useHotkey({ code: 'KeyP' }, () => {
    if (live) void commands.setAvailability('PAUSED', first?.id ?? null)
  })
}
