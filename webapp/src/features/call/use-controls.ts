import { stageOf, type MyCall } from '@/feed/model'
import { useFeedPhase, usePhone } from '@/session/context'
import { controlsOf, type Controls } from './controls'

/** What can be done with the call on the screen. */
export function useControls(call: MyCall | undefined): Controls {
  const phone = usePhone()
  const feed = useFeedPhase()
  return controlsOf({
    stage: call ? stageOf(call) : 'over',
    phone,
    feed,
    part: call?.part,
    reached: call?.consult?.reached,
  })
}
