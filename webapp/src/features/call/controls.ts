import type { FeedPhase } from '@/feed/feed'
import type { Stage } from '@/feed/model'
import { isMicrophoneBlocked, isPhoneCut, type PhoneView } from '@/phone/view'

/** Why a control is off; the empty string when it is on. The words are in the locales under `reason`. */
export type Reason =
  '' | 'behind' | 'microphone' | 'noPhone' | 'notRinging' | 'afterAnswer' | 'over' | 'resumeFirst' | 'rescuing'

export interface Controls {
  readonly answer: Reason
  /** Decline while it rings, hang up afterwards: one place. */
  readonly end: Reason
  readonly mute: Reason
  readonly hold: Reason
  readonly keypad: Reason
}

/** What can be done with a call now, and why the rest cannot. */
export function controlsOf(
  stage: Stage,
  phone: Pick<PhoneView, 'line' | 'microphone' | 'voice'>,
  feed: FeedPhase,
): Controls {
  if (feed !== 'live') return { answer: 'behind', end: 'behind', mute: 'behind', hold: 'behind', keypad: 'behind' }
  switch (stage) {
    case 'offer': {
      const off = 'afterAnswer'
      // An answer that cannot be sent ends the ringing.
      const answer = isPhoneCut(phone) ? 'noPhone' : isMicrophoneBlocked(phone) ? 'microphone' : ''
      return { answer, end: '', mute: off, hold: off, keypad: off }
    }
    case 'dialling':
      return {
        answer: 'notRinging',
        end: '',
        mute: phone.voice === 'live' ? '' : 'afterAnswer',
        hold: 'afterAnswer',
        keypad: 'afterAnswer',
      }
    case 'talking':
      return { answer: 'notRinging', end: '', mute: '', hold: '', keypad: '' }
    case 'held':
      return { answer: 'notRinging', end: '', mute: '', hold: '', keypad: 'resumeFirst' }
    case 'rescuing':
      return { answer: 'notRinging', end: '', mute: 'rescuing', hold: 'rescuing', keypad: 'rescuing' }
    case 'wrapUp':
    case 'waiting':
    case 'over':
      return { answer: 'over', end: 'over', mute: 'over', hold: 'over', keypad: 'over' }
  }
}
