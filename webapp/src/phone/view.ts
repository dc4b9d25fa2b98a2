import type { PhoneSnapshot } from './machine'
import type { MicrophoneProblem } from './types'

/** The line in the words of the page. */
export type LineView =
  'off' | 'starting' | 'ready' | 'reconnecting' | 'unserved' | 'otherTab' | 'takenOver' | 'simulated'

/** What the page shows of the phone; plain values, so that a page renders only when one of them changes. */
export interface PhoneView {
  line: LineView
  microphone: 'unknown' | 'ready' | MicrophoneProblem
  /** The voice: nothing, our phone rings, the answer is under way, the answer failed for want of a microphone, both hear each other. */
  voice: 'none' | 'ringing' | 'answering' | 'unheard' | 'live'
  /** The call whose session this page has; empty when there is none. */
  callId: string
  muted: boolean
  /** Why the last session broke; empty when it did not. */
  trouble: string
}

/** Puts the machine's snapshot into the words of the page. */
export function phoneView(snapshot: PhoneSnapshot): PhoneView {
  return {
    line: lineOf(snapshot),
    microphone: snapshot.context.microphoneProblem ?? (snapshot.matches({ microphone: 'ready' }) ? 'ready' : 'unknown'),
    voice: voiceOf(snapshot),
    callId: snapshot.context.session?.callId ?? '',
    muted: snapshot.context.muted,
    trouble: snapshot.context.trouble ?? '',
  }
}

/** Whether somebody is, or may be, heard through this page. */
export function isSpeaking(snapshot: PhoneSnapshot): boolean {
  return voiceOf(snapshot) === 'live'
}

/** Whether two views are the same. */
export function sameView(a: PhoneView, b: PhoneView): boolean {
  return (
    a.line === b.line &&
    a.microphone === b.microphone &&
    a.voice === b.voice &&
    a.callId === b.callId &&
    a.muted === b.muted &&
    a.trouble === b.trouble
  )
}

/** Whether this page is where the operator's voice is, or may be: it rings and speaks here. */
export function isPhoneHere(view: Pick<PhoneView, 'line'>): boolean {
  return view.line !== 'off' && view.line !== 'otherTab' && view.line !== 'takenOver'
}

/** Whether this page is to have the phone and has no connection for it now: what it would be asked to do fails, or breaks the call. */
export function isPhoneCut(view: Pick<PhoneView, 'line'>): boolean {
  return view.line === 'starting' || view.line === 'reconnecting' || view.line === 'unserved'
}

/** Whether the operator could not be heard if they answered in this page. */
export function isMicrophoneBlocked(view: Pick<PhoneView, 'line' | 'microphone'>): boolean {
  if (view.line === 'simulated' || !isPhoneHere(view)) return false
  return view.microphone !== 'ready' && view.microphone !== 'unknown'
}

function lineOf(snapshot: PhoneSnapshot): LineView {
  if (snapshot.matches({ line: 'off' })) return 'off'
  if (snapshot.matches({ line: { claimed: 'simulated' } })) return 'simulated'
  if (snapshot.matches({ line: { claimed: 'online' } })) return 'ready'
  if (snapshot.matches({ line: { claimed: 'otherTab' } })) return 'otherTab'
  if (snapshot.matches({ line: { claimed: 'takenOver' } })) return 'takenOver'
  if (snapshot.matches({ line: { claimed: 'unserved' } })) return 'unserved'
  if (snapshot.matches({ line: { claimed: 'reconnecting' } }) || snapshot.matches({ line: { claimed: 'refused' } }))
    return 'reconnecting'
  return 'starting'
}

function voiceOf(snapshot: PhoneSnapshot): PhoneView['voice'] {
  if (snapshot.matches({ voice: { busy: 'live' } })) return 'live'
  if (snapshot.matches({ voice: { busy: 'unheard' } })) return 'unheard'
  if (snapshot.matches({ voice: { busy: 'opening' } }) || snapshot.matches({ voice: { busy: 'answering' } }))
    return 'answering'
  return snapshot.matches({ voice: 'busy' }) ? 'ringing' : 'none'
}
