import type { ApolloClient, TypedDocumentNode } from '@apollo/client'
import type { Feed } from '@/feed/feed'
import {
  AnswerDocument,
  CancelConsultDocument,
  CompleteConsultDocument,
  ConsultDocument,
  DeclineDocument,
  DialDocument,
  DropPartyDocument,
  HangUpDocument,
  HoldDocument,
  LinkCustomerDocument,
  MergeConsultDocument,
  MutePartyDocument,
  ParkCallDocument,
  ResumeDocument,
  RetryMatchDocument,
  SendDigitsDocument,
  SetAvailabilityDocument,
  SetMutedDocument,
  SwapConsultDocument,
  TakeCallDocument,
  TransferDocument,
  UnlinkCustomerDocument,
  WrapUpDocument,
  type Availability,
  type CallTarget,
  type WrapUpInput,
} from '@/gql/graphql'
import { Observable } from '@/lib/observable'
import { problemOf, type Problem } from '@/lib/problem'
import type { PhoneActor } from '@/phone/machine'
import { phoneView } from '@/phone/view'

/** What can be asked of the server about a call. */
export type CommandName =
  | 'answer'
  | 'decline'
  | 'hangUp'
  | 'hold'
  | 'resume'
  | 'mute'
  | 'sendDigits'
  | 'dial'
  | 'take'
  | 'transfer'
  | 'consult'
  | 'swap'
  | 'merge'
  | 'complete'
  | 'cancelConsult'
  | 'muteParty'
  | 'dropParty'
  | 'park'
  | 'setAvailability'
  | 'finishWrapUp'
  | 'extendWrapUp'
  | 'retryMatch'
  | 'linkCustomer'

interface Pending {
  readonly callId: string
  /** Version of the call when it was asked; a later one confirms. */
  readonly version: number
  readonly accepted: boolean
}

export interface CommandState {
  readonly pending: ReadonlyMap<CommandName, Pending>
  /** The last refusal, until the next command. */
  readonly refusal: { readonly command: CommandName; readonly problem: Problem; readonly callId: string } | undefined
}

/** How long a button stays pending when the server accepted and no change followed; milliseconds. */
const patience = 5000

/**
 * Commands asks the server and keeps what is pending: from the click until the feed shows the change, or the server refuses. The state
 * of a call is never changed here; it comes back through the feed.
 */
export class Commands {
  readonly state = new Observable<CommandState>({ pending: new Map(), refusal: undefined })

  readonly #client: ApolloClient
  readonly #feed: Feed
  readonly #phone: PhoneActor
  #muteWish = 0

  constructor(client: ApolloClient, feed: Feed, phone: PhoneActor) {
    this.#client = client
    this.#feed = feed
    this.#phone = phone
    feed.calls.subscribe(() => this.#settle())
  }

  /** Answers here if the call rings here; else asks the phone to, wherever it is. */
  readonly answer = async (callId: string): Promise<void> => {
    if (this.#isHere(callId)) {
      this.#phone.send({ type: 'ANSWER', callId })
      this.#forgetRefusal()
      return
    }
    await this.#run('answer', callId, AnswerDocument, { input: { callId } })
  }

  readonly decline = async (callId: string): Promise<boolean> =>
    this.#run('decline', callId, DeclineDocument, { input: { callId } })
  readonly hangUp = async (callId: string): Promise<boolean> =>
    this.#run('hangUp', callId, HangUpDocument, { input: { callId } })
  readonly hold = async (callId: string): Promise<boolean> =>
    this.#run('hold', callId, HoldDocument, { input: { callId } })
  readonly resume = async (callId: string): Promise<boolean> =>
    this.#run('resume', callId, ResumeDocument, { input: { callId } })
  readonly take = async (callId: string): Promise<boolean> =>
    this.#run('take', callId, TakeCallDocument, { input: { callId } })

  /** Gives the call away without asking first. */
  readonly transfer = async (callId: string, to: CallTarget): Promise<boolean> =>
    this.#run('transfer', callId, TransferDocument, { input: { callId, to } })
  /** Brings a third party in while the customer hears music. */
  readonly consult = async (callId: string, to: CallTarget): Promise<boolean> =>
    this.#run('consult', callId, ConsultDocument, { input: { callId, to } })
  readonly swap = async (callId: string): Promise<boolean> =>
    this.#run('swap', callId, SwapConsultDocument, { input: { callId } })
  readonly merge = async (callId: string): Promise<boolean> =>
    this.#run('merge', callId, MergeConsultDocument, { input: { callId } })
  readonly complete = async (callId: string): Promise<boolean> =>
    this.#run('complete', callId, CompleteConsultDocument, { input: { callId } })
  readonly cancelConsult = async (callId: string): Promise<boolean> =>
    this.#run('cancelConsult', callId, CancelConsultDocument, { input: { callId } })
  readonly muteParty = async (callId: string, legId: string, muted: boolean): Promise<boolean> =>
    this.#run('muteParty', callId, MutePartyDocument, { input: { callId, legId, muted } })
  readonly dropParty = async (callId: string, legId: string): Promise<boolean> =>
    this.#run('dropParty', callId, DropPartyDocument, { input: { callId, legId } })
  readonly park = async (callId: string): Promise<boolean> =>
    this.#run('park', callId, ParkCallDocument, { input: { callId } })

  readonly sendDigits = async (callId: string, digits: string): Promise<boolean> =>
    this.#run('sendDigits', callId, SendDigitsDocument, { input: { callId, digits } })

  /**
   * Mutes the microphone at once where it is ours, and tells the server so that every page shows it. It is opened when the server has
   * agreed: the PBX mutes as well, and whoever looks unmuted is to be heard.
   */
  readonly setMuted = async (callId: string, muted: boolean): Promise<void> => {
    const here = this.#isHere(callId)
    const wish = ++this.#muteWish
    if (here && muted) this.#phone.send({ type: 'SET_MUTED', callId, muted })
    const agreed = await this.#run('mute', callId, SetMutedDocument, { input: { callId, muted } })
    // Pressed again meanwhile: the last wish counts.
    if (here && !muted && agreed && wish === this.#muteWish) this.#phone.send({ type: 'SET_MUTED', callId, muted })
  }

  readonly dial = async (number: string, customerId: string | null = null): Promise<boolean> =>
    this.#run('dial', '', DialDocument, { input: { number, customerId } })

  readonly setAvailability = async (
    availability: Availability,
    pauseReasonId: string | null = null,
  ): Promise<boolean> =>
    this.#run('setAvailability', '', SetAvailabilityDocument, { input: { availability, pauseReasonId } })

  readonly extendWrapUp = async (callId: string): Promise<boolean> =>
    this.#run('extendWrapUp', callId, WrapUpDocument, { input: { callId, action: 'EXTEND' } })

  /** Ends the wrap-up with what was written. Returns whether the server accepted. */
  readonly finishWrapUp = async (input: Omit<WrapUpInput, 'action'>): Promise<boolean> =>
    this.#run('finishWrapUp', input.callId, WrapUpDocument, { input: { ...input, action: 'FINISH' } })

  readonly retryMatch = async (callId: string): Promise<boolean> =>
    this.#run('retryMatch', callId, RetryMatchDocument, { input: { callId } })

  readonly linkCustomer = async (callId: string, customerId: string): Promise<boolean> =>
    this.#run('linkCustomer', callId, LinkCustomerDocument, { input: { callId, customerId } })

  readonly unlinkCustomer = async (callId: string): Promise<boolean> =>
    this.#run('linkCustomer', callId, UnlinkCustomerDocument, { input: { callId } })

  async #run<T, V extends Record<string, unknown>>(
    command: CommandName,
    callId: string,
    mutation: TypedDocumentNode<T, V>,
    variables: V,
  ): Promise<boolean> {
    const version = this.#versionOf(callId)
    this.#set(command, { callId, version, accepted: false })
    this.#forgetRefusal()
    try {
      await this.#client.mutate<T, Record<string, unknown>>({ mutation, variables, fetchPolicy: 'no-cache' })
      this.#set(command, { callId, version, accepted: true })
      setTimeout(() => this.#drop(command, callId), patience)
      this.#settle()
      return true
    } catch (error) {
      this.#drop(command, callId)
      this.state.set({ ...this.state.get(), refusal: { command, problem: problemOf(error), callId } })
      return false
    }
  }

  /** Whether the call rings, or is led, in this page. */
  #isHere(callId: string): boolean {
    return phoneView(this.#phone.getSnapshot()).calls.some((call) => call.callId === callId)
  }

  #versionOf(callId: string): number {
    return this.#feed.calls.get().find((call) => call.id === callId)?.version ?? 0
  }

  /** Drops what the feed has confirmed. */
  #settle(): void {
    for (const [command, { accepted, callId, version }] of this.state.get().pending) {
      if (accepted && (callId === '' || this.#versionOf(callId) !== version)) this.#drop(command, callId)
    }
  }

  #set(command: CommandName, pending: Pending): void {
    const next = new Map(this.state.get().pending)
    next.set(command, pending)
    this.state.set({ ...this.state.get(), pending: next })
  }

  #drop(command: CommandName, callId: string): void {
    const { pending } = this.state.get()
    if (pending.get(command)?.callId !== callId) return
    const next = new Map(pending)
    next.delete(command)
    this.state.set({ ...this.state.get(), pending: next })
  }

  /** Takes a refusal off the screen. */
  readonly forgetRefusal = (): void => this.#forgetRefusal()

  #forgetRefusal(): void {
    const state = this.state.get()
    if (state.refusal) this.state.set({ ...state, refusal: undefined })
  }
}
