import type { PhoneActor } from '@/phone/machine'
import type { Ringer } from '@/phone/ringer'
import type { PhoneShare, Place } from '@/phone/share'
import { isPhoneHere, phoneView, sameView, type PhoneView } from '@/phone/view'

interface Shared {
  share: PhoneShare
  place: Place
  phone: PhoneActor
  ringer: Ringer
  onSignedOut: () => void
}

/** Tells the other pages of this browser how the phone is, if it is here, and takes their commands, until the returned function is called. */
export function sharePhone({ share, place, phone, ringer, onSignedOut }: Shared): () => void {
  let told: PhoneView | undefined
  const tell = () => {
    const view = phoneView(phone.getSnapshot())
    // A window that only has lost it to another computer still is what the pages command.
    const ours = isPhoneHere(view) || (place === 'window' && view.line === 'takenOver')
    told = ours ? view : undefined
    if (told) share.tell({ view: told, soundBlocked: ringer.blocked.get() })
  }
  const changed = () => {
    const view = phoneView(phone.getSnapshot())
    if (!told || !sameView(told, view)) tell()
  }
  const stop = share.start({
    asked: tell,
    commanded: (command) => phone.send({ type: command }),
    signedOut: onSignedOut,
  })
  const subscription = phone.subscribe(changed)
  const stopRinger = ringer.blocked.subscribe(tell)
  return () => {
    subscription.unsubscribe()
    stopRinger()
    stop()
  }
}
