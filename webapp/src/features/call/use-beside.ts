import type { MyCall } from '@/feed/model'
import { useFeedPhase, usePhone } from '@/session/context'
import { besideOf, type CallBeside } from './beside'

/** The calls beside the one on the screen. */
export function useBeside(current: MyCall | undefined, others: readonly MyCall[]): readonly CallBeside[] {
  const phone = usePhone()
  const feed = useFeedPhase()
  return besideOf(current, others, { phone, feed })
}
