import { assign, sendParent, setup, type ActorRefFrom } from 'xstate'
import type { SipUa } from './types'

interface SessionInput {
  readonly ua: SipUa
  /** As the user agent names it. */
  readonly id: string
  /** The call of the feed, by the header of the INVITE. */
  readonly callId: string
  /** It is answered without being asked for. */
  readonly wanted: boolean
  readonly muted: boolean
}

interface SessionContext extends SessionInput {
  readonly remoteStream: MediaStream | undefined
}

export type SessionEvent =
  /** Somebody wants to speak here. */
  | { type: 'answer' }
  | { type: 'microphone'; stream: MediaStream }
  | { type: 'noMicrophone' }
  | { type: 'mute'; muted: boolean }
  | { type: 'replaceMicrophone'; stream: MediaStream }
  /** Another session of the same call is heard: the far side ends this one. */
  | { type: 'superseded' }
  | { type: 'accepted' }
  | { type: 'stream'; stream: MediaStream }

/** What a session says to the phone. */
export type SessionWord =
  | { type: 'session.needsMicrophone'; session: string }
  /** Nothing is expected of it any more: it is to be ended. Told to the phone, by itself too. */
  | { type: 'session.end'; session: string }

/** How long a superseded session waits for its end; milliseconds. The server joins the new leg before it lets the old one go. */
const mercy = 5000

/** One SIP session. It begins with its INVITE; the phone, which alone knows of ends, stops it. */
export const sessionMachine = setup({
  types: {
    context: {} as SessionContext,
    input: {} as SessionInput,
    events: {} as SessionEvent,
  },
  actions: {
    askForMicrophone: sendParent(({ context }): SessionWord => ({
      type: 'session.needsMicrophone',
      session: context.id,
    })),
    answer: ({ context, event }) => {
      if (event.type === 'microphone') context.ua.answer(context.id, event.stream)
    },
    applyMute: ({ context }) => context.ua.setMuted(context.id, context.muted),
    replaceMicrophone: ({ context, event }) => {
      if (event.type === 'replaceMicrophone') context.ua.replaceMicrophone(context.id, event.stream)
    },
    askForEnd: sendParent(({ context }): SessionWord => ({ type: 'session.end', session: context.id })),
  },
  delays: { mercy },
}).createMachine({
  id: 'session',
  context: ({ input }) => ({ ...input, remoteStream: undefined }),
  initial: 'ringing',
  on: {
    mute: { actions: assign({ muted: ({ event }) => event.muted }) },
    stream: { actions: assign({ remoteStream: ({ event }) => event.stream }) },
  },
  states: {
    ringing: {
      always: { guard: ({ context }) => context.wanted, target: 'opening' },
      on: { answer: 'opening' },
    },
    /** The microphone is being opened. */
    opening: {
      entry: 'askForMicrophone',
      on: { microphone: { target: 'answering', actions: 'answer' }, noMicrophone: 'unheard' },
    },
    /** The microphone could not be opened: the phone rings on, and the operator may try again. */
    unheard: { on: { answer: 'opening' } },
    answering: {
      on: { accepted: 'live', replaceMicrophone: { actions: 'replaceMicrophone' } },
    },
    live: {
      entry: 'applyMute',
      initial: 'present',
      on: {
        mute: { actions: [assign({ muted: ({ event }) => event.muted }), 'applyMute'] },
        replaceMicrophone: { actions: 'replaceMicrophone' },
      },
      states: {
        present: { on: { superseded: 'superseded' } },
        superseded: { after: { mercy: { actions: 'askForEnd' } } },
      },
    },
  },
})

export type SessionActor = ActorRefFrom<typeof sessionMachine>

/** The session in the words of the page: our phone rings, the answer is under way, it failed for want of a microphone, both hear each other. */
export type SessionVoice = 'ringing' | 'answering' | 'unheard' | 'live'

export function voiceOfSession(session: SessionActor): SessionVoice {
  const snapshot = session.getSnapshot()
  if (snapshot.matches('live')) return 'live'
  if (snapshot.matches('unheard')) return 'unheard'
  return snapshot.matches('ringing') ? 'ringing' : 'answering'
}

/** Whether the session holds the microphone, or waits for it. */
export function needsMicrophone(session: SessionActor): boolean {
  const voice = voiceOfSession(session)
  return voice === 'answering' || voice === 'live'
}
