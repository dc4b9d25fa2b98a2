import type { PhoneActor } from '@/phone/machine'
import { stepNames, type Preflight } from '@/phone/preflight'
import type { Ringer } from '@/phone/ringer'
import type { PhoneShare, Place } from '@/phone/share'
import { isPhoneHere, phoneView, sameView, type PhoneView } from '@/phone/view'

interface Shared {
  share: PhoneShare
  place: Place
  phone: PhoneActor
  ringer: Ringer
  preflight: Preflight
  onSignedOut: () => void
}

/** Tells the other pages of this browser how the phone is, if it is here, and takes their commands, until the returned function is called. */
export function sharePhone({ share, place, phone, ringer, preflight, onSignedOut }: Shared): () => void {
  let told: PhoneView | undefined
  const tell = () => {
    const view = phoneView(phone.getSnapshot())
    // A window that only has lost it to another computer still is what the pages command.
    const ours = isPhoneHere(view) || (place === 'window' && view.line === 'takenOver')
    told = ours ? view : undefined
    if (told) share.tell({ view: told, soundBlocked: ringer.blocked.get(), check: preflight.state.get() })
  }
  const changed = () => {
    const view = phoneView(phone.getSnapshot())
    if (!told || !sameView(told, view)) tell()
  }
  const stop = share.start({
    asked: tell,
    commanded(command) {
      if (command === 'CHECK') void preflight.run()
      else if (command === 'TAKE_HERE' || command === 'CHECK_MICROPHONE' || command === 'FORGET_TROUBLE')
        phone.send({ type: command })
      else void preflight.again(...stepNames.filter((name) => command === `CHECK ${name}`))
    },
    signedOut: onSignedOut,
  })
  const subscription = phone.subscribe(changed)
  const stopRinger = ringer.blocked.subscribe(tell)
  const stopCheck = preflight.state.subscribe(tell)
  return () => {
    subscription.unsubscribe()
    stopRinger()
    stopCheck()
    stop()
  }
}
