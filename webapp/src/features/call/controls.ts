import type { FeedPhase } from '@/feed/feed'
import type { Part, Stage } from '@/feed/model'
import { isAtDesk, isMicrophoneBlocked, isPhoneCut, type PhoneView } from '@/phone/view'

/** Why a control is off; the empty string when it is on. The words are in the locales under `reason`. */
export type Reason =
  | ''
  | 'behind'
  | 'microphone'
  | 'noPhone'
  | 'deskPhone'
  | 'notRinging'
  | 'afterAnswer'
  | 'over'
  | 'resumeFirst'
  | 'rescuing'
  /** There is a third party already. */
  | 'consulting'
  /** There is none yet. */
  | 'nobody'
  | 'notReached'
  | 'together'
  /** The call is the colleague's who asked for advice. */
  | 'theirs'
  /** Another call has the operator in a consultation. */
  | 'consultFirst'

export interface Controls {
  readonly answer: Reason
  /** Decline while it rings, hang up afterwards: one place. */
  readonly end: Reason
  readonly mute: Reason
  readonly hold: Reason
  readonly keypad: Reason
  readonly transfer: Reason
  readonly consult: Reason
  readonly park: Reason
  readonly swap: Reason
  readonly merge: Reason
  readonly complete: Reason
  readonly cancel: Reason
}

interface Circumstances {
  readonly stage: Stage
  readonly phone: Pick<PhoneView, 'line' | 'microphone' | 'voice'>
  readonly feed: FeedPhase
  readonly part?: Part | undefined
  /** The third party has answered. */
  readonly reached?: boolean | undefined
}

/** What can be done with a call now, and why the rest cannot. */
export function controlsOf({ stage, phone, feed, part = 'operator', reached = false }: Circumstances): Controls {
  if (feed !== 'live') return all('behind')
  // An answer that cannot be sent ends the ringing.
  const cut = isPhoneCut(phone) ? 'noPhone' : isMicrophoneBlocked(phone) ? 'microphone' : ''
  const answer = isAtDesk(phone) ? 'deskPhone' : cut
  switch (stage) {
    case 'offer':
      return { ...all(part === 'guest' ? 'theirs' : 'afterAnswer'), answer, end: '' }
    case 'dialling':
      return { ...all('afterAnswer'), answer: 'notRinging', end: '', mute: phone.voice === 'live' ? '' : 'afterAnswer' }
    case 'talking':
      return {
        ...all('nobody'),
        answer: 'notRinging',
        ...on('end', 'mute', 'hold', 'keypad', 'transfer', 'consult', 'park'),
      }
    case 'held':
      return {
        ...all('nobody'),
        answer: 'notRinging',
        keypad: 'resumeFirst',
        ...on('end', 'mute', 'hold', 'transfer', 'consult', 'park'),
      }
    case 'consulting':
    case 'conference': {
      const answered = reached ? '' : 'notReached'
      const apart = stage === 'conference' ? 'together' : answered
      return {
        ...all('consulting'),
        answer: 'notRinging',
        ...on('end', 'mute', 'keypad', 'cancel'),
        swap: apart,
        merge: apart,
        complete: answered,
      }
    }
    case 'consulted':
      return { ...all('theirs'), answer: 'notRinging', ...on('end', 'mute') }
    case 'rescuing':
      return { ...all('rescuing'), answer: 'notRinging', end: '' }
    case 'wrapUp':
    case 'waiting':
    case 'over':
      return all('over')
  }
}

function all(reason: Reason): Controls {
  return {
    answer: reason,
    end: reason,
    mute: reason,
    hold: reason,
    keypad: reason,
    transfer: reason,
    consult: reason,
    park: reason,
    swap: reason,
    merge: reason,
    complete: reason,
    cancel: reason,
  }
}

function on(...names: (keyof Controls)[]): Partial<Record<keyof Controls, ''>> {
  return Object.fromEntries(names.map((name) => [name, '']))
}
