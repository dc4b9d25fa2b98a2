import type { PhoneSnapshot } from './machine'
import { voiceOfSession, type SessionActor, type SessionVoice } from './session'
import type { MicrophoneProblem } from './types'

/** The line in the words of the page. */
export type LineView =
  | 'off'
  | 'starting'
  | 'ready'
  | 'reconnecting'
  | 'unserved'
  | 'otherTab'
  | 'takenOver'
  | 'simulated'
  /** The operator's device is a desk phone, which is registered, or is not. */
  | 'desk'
  | 'deskAway'

/** The voice of a call in this page; none: there is no session. */
export type VoiceView = 'none' | SessionVoice

/** A call that has a session in this page. */
export interface VoicedCall {
  readonly callId: string
  readonly voice: SessionVoice
  readonly muted: boolean
}

/** What the page shows of the phone; plain values, so that a page renders only when one of them changes. */
export interface PhoneView {
  readonly line: LineView
  readonly microphone: 'unknown' | 'ready' | MicrophoneProblem
  /** The calls that have a session, in order of arrival. */
  readonly calls: readonly VoicedCall[]
  /** Of the call that the view is about; without one, of the call that is heard, else of the first. */
  readonly voice: VoiceView
  /** The call that voice and muted are about, when it has a session; else empty. */
  readonly callId: string
  readonly muted: boolean
  /** Why the last session broke; empty when it did not. */
  readonly trouble: string
  /** The phone is in its own window, which the page shows and commands; absent when the view is the page's own. */
  readonly at?: 'window'
}

/** Puts the machine's snapshot into the words of the page. */
export function phoneView(snapshot: PhoneSnapshot): PhoneView {
  const calls = callsOf(snapshot)
  return viewOf(calls.find(({ voice }) => voice === 'live') ?? calls[0], {
    line: lineOf(snapshot),
    microphone: snapshot.context.microphoneProblem ?? (snapshot.matches({ microphone: 'ready' }) ? 'ready' : 'unknown'),
    calls,
    trouble: snapshot.context.trouble ?? '',
  })
}

/** The view about one call. */
export function aboutCall(view: PhoneView, callId: string): PhoneView {
  return viewOf(
    view.calls.find((call) => call.callId === callId),
    view,
  )
}

function viewOf(call: VoicedCall | undefined, rest: Omit<PhoneView, keyof VoicedCall>): PhoneView {
  return { ...rest, voice: call?.voice ?? 'none', callId: call?.callId ?? '', muted: call?.muted ?? false }
}

/** Whether the phone rings: a session waits for an answer. */
export function isRinging(view: Pick<PhoneView, 'calls'>): boolean {
  return view.calls.some(({ voice }) => voice === 'ringing' || voice === 'unheard')
}

/** Whether somebody is, or may be, heard through this page. */
export function isSpeaking(snapshot: PhoneSnapshot): boolean {
  return liveSessions(snapshot).length > 0
}

/** The sessions in which both sides hear each other. */
export function liveSessions(snapshot: PhoneSnapshot): { id: string; callId: string; muted: boolean }[] {
  return [...snapshot.context.sessions.values()]
    .filter((session) => voiceOfSession(session) === 'live')
    .map((session) => session.getSnapshot().context)
}

/** What the page shows of a desk phone: nothing of it is here. */
export function deskView(online: boolean): PhoneView {
  return {
    line: online ? 'desk' : 'deskAway',
    microphone: 'unknown',
    calls: [],
    voice: 'none',
    callId: '',
    muted: false,
    trouble: '',
  }
}

/** Whether the operator talks at a desk phone: it is answered there, and nowhere else. */
export function isAtDesk(view: Pick<PhoneView, 'line'>): boolean {
  return view.line === 'desk' || view.line === 'deskAway'
}

/** Whether two views are the same. */
export function sameView(a: PhoneView, b: PhoneView): boolean {
  return (
    a.at === b.at &&
    a.line === b.line &&
    a.microphone === b.microphone &&
    a.callId === b.callId &&
    a.trouble === b.trouble &&
    a.calls.length === b.calls.length &&
    a.calls.every((call, i) => {
      const other = b.calls[i]
      return call.callId === other?.callId && call.voice === other.voice && call.muted === other.muted
    })
  )
}

/** Whether this page is where the operator’s voice is, or may be: it rings and speaks here. */
export function isPhoneHere(view: Pick<PhoneView, 'line' | 'at'>): boolean {
  return view.at === undefined && isPhoneKnown(view)
}

/** Whether the view is of a phone that this browser has. */
function isPhoneKnown(view: Pick<PhoneView, 'line'>): boolean {
  return view.line !== 'off' && view.line !== 'otherTab' && view.line !== 'takenOver' && !isAtDesk(view)
}

/** Whether the phone was taken elsewhere and the conversation has not followed yet: it is still led here. */
export function isMoving(view: Pick<PhoneView, 'line' | 'calls' | 'at'>): boolean {
  return (
    ((view.at === undefined && view.line === 'otherTab') || view.line === 'takenOver') &&
    view.calls.some((call) => call.voice === 'live')
  )
}

/** Whether this page is to have the phone and has no connection for it now: what it would be asked to do fails, or breaks the call. */
export function isPhoneCut(view: Pick<PhoneView, 'line'>): boolean {
  return view.line === 'starting' || view.line === 'reconnecting' || view.line === 'unserved'
}

/** Whether the operator could not be heard if they answered in this page. */
export function isMicrophoneBlocked(view: Pick<PhoneView, 'line' | 'microphone'>): boolean {
  if (view.line === 'simulated' || !isPhoneKnown(view)) return false
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

const nearness: Record<SessionVoice, number> = { live: 3, answering: 2, unheard: 1, ringing: 0 }

/** One entry for each call: of two sessions, the one that is heard; of two that are, the newer. */
function callsOf(snapshot: PhoneSnapshot): readonly VoicedCall[] {
  const best = new Map<string, SessionActor>()
  for (const [id, session] of snapshot.context.sessions) {
    const key = session.getSnapshot().context.callId || id
    const other = best.get(key)
    if (!other || nearness[voiceOfSession(session)] >= nearness[voiceOfSession(other)]) best.set(key, session)
  }
  return [...best.values()].map((session) => {
    const { callId, muted } = session.getSnapshot().context
    return { callId, voice: voiceOfSession(session), muted }
  })
}
