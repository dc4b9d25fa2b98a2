import type { FeedSource } from '@/feed/source'
import { BeatPhoneDocument } from '@/gql/graphql'
import { every, type Timers } from '@/lib/timers'
import type { PhoneActor } from '@/phone/machine'
import { isSpeaking } from '@/phone/view'

/** As the server expects it (beatPhone); milliseconds. */
const interval = 700

interface Beating {
  phone: PhoneActor
  source: Pick<FeedSource, 'ask'>
  timers: Timers
}

/**
 * Tells the server that this window is there, as long as it has a voice: a network that dies closes nothing, and only what stays out
 * gives it away. It goes over the feed's own connection, and one beat at a time: those that queue up in a dead network would all
 * arrive when it is well again, and prove nothing. Ends with the returned function.
 */
export function beat({ phone, source, timers }: Beating): () => void {
  let stop: (() => void) | undefined
  let asked = false

  const tell = async () => {
    if (asked) return
    asked = true
    await source.ask(BeatPhoneDocument, {})
    asked = false
  }
  const look = () => {
    const speaking = isSpeaking(phone.getSnapshot())
    if (speaking && !stop) {
      void tell()
      stop = every(timers, interval, () => void tell())
    } else if (!speaking) {
      stop?.()
      stop = undefined
    }
  }
  const subscription = phone.subscribe(look)
  look()
  return () => {
    subscription.unsubscribe()
    stop?.()
  }
}
