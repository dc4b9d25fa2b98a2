import { stageOf, type MyCall, type Stage } from '@/feed/model'
import { controlsOf, type Reason } from './controls'

/** A call beside the one on the screen, and the way to it: whoever is spoken with then is put on hold by the server. */
export interface CallBeside {
  readonly call: MyCall
  readonly stage: Stage
  /** What leads to it; undefined while nothing does. */
  readonly go: 'answer' | 'resume' | undefined
  /** Why it cannot be gone to now; empty when it can. */
  readonly reason: Reason
  /** Whoever is on the screen is put on hold by it. */
  readonly turns: boolean
}

export function besideOf(
  current: MyCall | undefined,
  others: readonly MyCall[],
  circumstances: Pick<Parameters<typeof controlsOf>[0], 'phone' | 'feed'>,
): readonly CallBeside[] {
  const front = current && stageOf(current)
  // A consultation cannot be put aside, by neither side.
  const three = front === 'consulting' || front === 'conference' || front === 'consulted'
  return others.map((call) => {
    const stage = stageOf(call)
    const go = stage === 'held' ? 'resume' : stage === 'offer' ? 'answer' : undefined
    const controls = controlsOf({ ...circumstances, stage, part: call.part })
    const own = go === 'answer' ? controls.answer : controls.hold
    return {
      call,
      stage,
      go,
      reason: own === '' && three && go === 'resume' ? 'consultFirst' : own,
      turns: front === 'talking',
    }
  })
}
