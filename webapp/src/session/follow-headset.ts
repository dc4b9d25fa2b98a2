import type { Feed } from '@/feed/feed'
import { arrange, isEngaged, stageOf } from '@/feed/model'
import { Headset, type HeadsetAction, type HeadsetLamps, type Hid } from '@/phone/headset'
import type { PhoneActor } from '@/phone/machine'
import { aboutCall, isPhoneHere, phoneView } from '@/phone/view'
import type { Commands } from './commands'

interface Followed {
  feed: Feed
  phone: PhoneActor
  commands: Pick<Commands, 'answer' | 'hangUp' | 'setMuted'>
}

/** A headset that commands the operator's call, and the start of its following: it ends with the returned function. */
export function makeHeadset(hid: Hid, followed: Followed): { headset: Headset; follow: () => () => void } {
  const { feed, phone, commands } = followed
  const now = () => {
    const view = phoneView(phone.getSnapshot())
    // Where the phone is in another window, the headset is that window's.
    const calls = isPhoneHere(view) ? feed.calls.get() : []
    const offer = calls.find((call) => stageOf(call) === 'offer')
    const { current } = arrange(calls)
    const talk = current && isEngaged(stageOf(current)) ? current : undefined
    const own = talk && aboutCall(view, talk.id)
    const muted = talk !== undefined && (own?.callId === talk.id ? own.muted : talk.muted)
    return { offer, talk, muted }
  }
  const act = (action: HeadsetAction) => {
    const { offer, talk, muted } = now()
    if (action === 'answer' && offer) void commands.answer(offer.id)
    if (action === 'hangUp' && talk) void commands.hangUp(talk.id)
    if (action === 'toggleMute' && talk) void commands.setMuted(talk.id, !muted)
  }
  const headset = new Headset(hid, act)
  const show = () => {
    const { offer, talk, muted } = now()
    const lamps: HeadsetLamps = { ringing: offer !== undefined, inCall: talk !== undefined, muted }
    headset.show(lamps)
  }
  return {
    headset,
    follow: () => {
      const subscription = phone.subscribe(show)
      const stops = [headset.start(), feed.calls.subscribe(show), () => subscription.unsubscribe()]
      show()
      return () => {
        for (const stop of stops) stop()
      }
    },
  }
}
