import { Observable } from '@/lib/observable'
import type { PreflightState, StepName } from './preflight'
import type { PhoneView } from './view'

/** Where a phone runs: in a page of the workspace, or in its own window. */
export type Place = 'page' | 'window'

/** What another page may ask of the phone's window. */
export type PhoneCommand = 'TAKE_HERE' | 'CHECK_MICROPHONE' | 'FORGET_TROUBLE' | CheckCommand
/** To check the phone again, or one step. */
export type CheckCommand = 'CHECK' | `CHECK ${StepName}`

/** What only the phone's window knows. */
export interface RemotePhone {
  readonly view: PhoneView
  /** The browser does not let the window ring. */
  readonly soundBlocked: boolean
  /** What its check has found. */
  readonly check: PreflightState
}

type Message =
  | { readonly kind: 'phone'; readonly place: Place; readonly phone: RemotePhone }
  | { readonly kind: 'level'; readonly level: number }
  | { readonly kind: 'ask' }
  | { readonly kind: 'command'; readonly command: PhoneCommand }
  | { readonly kind: 'signedOut' }

/** Of BroadcastChannel what is used. */
export interface Channel {
  addEventListener(type: 'message', listener: (event: MessageEvent<Message>) => void): void
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel's takes none
  postMessage(message: Message): void
  close(): void
}

interface ShareListener {
  /** Another page wants to know how the phone is. */
  asked(): void
  commanded(command: PhoneCommand): void
  signedOut(): void
}

/** Tells the pages of one browser what only the window with the phone knows, and takes their commands there. */
export class PhoneShare {
  /** The phone in its own window; undefined where there is none. Of use only while another page of this browser has the phone. */
  readonly remote = new Observable<RemotePhone | undefined>(undefined)
  /** How loud the microphone of that window is, 0 to 1. */
  readonly level = new Observable(0)

  readonly #channel: Channel | undefined
  readonly #place: Place

  /** Without a channel (old browsers) nothing is shared: pages show the phone as in another tab. */
  constructor(place: Place, channel: Channel | undefined) {
    this.#place = place
    this.#channel = channel
  }

  /** Listens, and asks how the phone is; the returned function ends it. */
  start(listener: ShareListener): () => void {
    const channel = this.#channel
    if (!channel) return () => {}
    channel.addEventListener('message', ({ data }) => {
      switch (data.kind) {
        case 'phone':
          this.remote.set(data.place === 'window' ? data.phone : undefined)
          break
        case 'level':
          this.level.set(data.level)
          break
        case 'ask':
          listener.asked()
          break
        case 'command':
          if (this.#place === 'window') listener.commanded(data.command)
          break
        case 'signedOut':
          listener.signedOut()
      }
    })
    this.#send({ kind: 'ask' })
    return () => channel.close()
  }

  tell(phone: RemotePhone): void {
    this.#send({ kind: 'phone', place: this.#place, phone })
  }

  tellLevel(level: number): void {
    this.#send({ kind: 'level', level })
  }

  command(command: PhoneCommand): void {
    this.#send({ kind: 'command', command })
  }

  tellSignedOut(): void {
    this.#send({ kind: 'signedOut' })
  }

  #send(message: Message): void {
    this.#channel?.postMessage(message)
  }
}

/** The view of a page: where the phone is in its own window, that window's, which the page commands as its own. */
export function mirror(own: PhoneView, remote: RemotePhone | undefined): PhoneView {
  // A page that has lost the phone in a talk shows that talk until it has moved.
  if (own.line !== 'otherTab' || own.calls.length > 0 || !remote) return own
  return { ...remote.view, at: 'window' }
}
