import { assign, fromCallback, fromPromise, raise, setup, type ActorRefFrom, type SnapshotFrom } from 'xstate'
import { backoff } from '@/lib/backoff'
import {
  MicrophoneError,
  PhoneElsewhereError,
  type Credentials,
  type Microphone,
  type MicrophoneProblem,
  type Ownership,
  type PhoneCall,
  type SipUa,
  type UaEvent,
} from './types'

/** What the phone is made of. */
export interface PhoneParts {
  ua: SipUa
  microphone: Microphone
  ownership: Ownership
  /**
   * Asks the server for a phone session. `take`: a person wants the phone here, wherever it is; else it is only renewed, and rejects
   * with a PhoneElsewhereError where another window has it.
   */
  startPhone: (take: boolean) => Promise<Credentials>
}

/** One SIP session, paired with a call of the feed by the header of its INVITE. */
interface Session {
  readonly id: string
  readonly callId: string
  readonly autoAnswer: boolean
}

interface PhoneContext {
  readonly parts: PhoneParts
  readonly credentials: Credentials | undefined
  /** A person wants the phone here and does not have it yet. */
  readonly wanted: boolean
  /** Failures in a row of asking for a session or registering; the delay grows with it. */
  readonly failures: number
  /** Tries in a row to connect again. */
  readonly tries: number
  readonly microphoneProblem: MicrophoneProblem | undefined
  readonly calls: ReadonlyMap<string, PhoneCall>
  readonly session: Session | undefined
  readonly microphoneStream: MediaStream | undefined
  readonly remoteStream: MediaStream | undefined
  readonly muted: boolean
  /** Why the last session ended otherwise than by a hang-up; shown until the next one. */
  readonly trouble: string | undefined
}

export type PhoneEvent =
  | UaEvent
  /** take: the person has just signed in here, and so wants the phone here. */
  | { type: 'START'; take: boolean }
  | { type: 'STOP' }
  /** The operator wants the phone in this page, wherever it is now. */
  | { type: 'TAKE_HERE' }
  /** The server says that another browser has taken the phone. */
  | { type: 'TAKEN_OVER' }
  | { type: 'ownership'; state: 'owned' | 'waiting' | 'lost' }
  /** The viewer's calls, from the feed. */
  | { type: 'CALLS'; calls: readonly PhoneCall[] }
  | { type: 'ANSWER'; callId: string }
  | { type: 'SET_MUTED'; muted: boolean }
  /** The operator has seen why the voice broke. */
  | { type: 'FORGET_TROUBLE' }
  | { type: 'CHECK_MICROPHONE' }
  /** Another microphone was opened for the call; the machine closes the stream, whether there is still a call or not. */
  | { type: 'REPLACE_MICROPHONE'; stream: MediaStream }
  /** From the voice to the microphone's region: opening it for an answer went well, or did not. */
  | { type: 'microphone.opened' }
  | { type: 'microphone.failed'; problem: MicrophoneProblem }
  /** The network may have changed, or the person is back: see whether the connection still lives, or make it now. */
  | { type: 'PROBE' }

/** After this many refusals in a row the session itself is thought stale, and a new one is asked for. */
const refusalsBeforeNewSession = 8

function stopTracks(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop()
}

/**
 * The phone as three things at once: the line (are we registered), the microphone (can we be heard), the voice (the one session).
 * It knows no JsSIP, no React and no GraphQL; `PhoneParts` are its hands.
 */
export const phoneMachine = setup({
  types: {
    context: {} as PhoneContext,
    input: {} as PhoneParts,
    events: {} as PhoneEvent,
  },
  actors: {
    uaEvents: fromCallback<PhoneEvent, SipUa>(({ input, sendBack }) => input.listen(sendBack)),
    microphoneEvents: fromCallback<PhoneEvent, Microphone>(({ input, sendBack }) =>
      input.watch(() => sendBack({ type: 'CHECK_MICROPHONE' })),
    ),
    ownership: fromCallback<PhoneEvent, Ownership>(({ input, sendBack }) =>
      input.claim((state) => sendBack({ type: 'ownership', state })),
    ),
    startPhone: fromPromise<Credentials, PhoneContext>(async ({ input }) => input.parts.startPhone(input.wanted)),
    /** Opens the microphone to see whether it can be opened. */
    checkMicrophone: fromPromise<void, Microphone>(async ({ input }) => stopTracks(await input.open())),
    openMicrophone: fromPromise<MediaStream, Microphone>(async ({ input, signal }) => {
      const stream = await input.open()
      if (signal.aborted) stopTracks(stream) // the caller hung up meanwhile
      return stream
    }),
  },
  actions: {
    startUa: ({ context }) => {
      if (context.credentials) context.parts.ua.start(context.credentials)
    },
    stopUa: ({ context }) => context.parts.ua.stop(),
    connect: ({ context }) => context.parts.ua.connect(),
    register: ({ context }) => context.parts.ua.register(),
    probe: ({ context }) => context.parts.ua.probe(),
    takeOwnership: ({ context }) => context.parts.ownership.take(),
    answerSession: ({ context }) => {
      if (context.session && context.microphoneStream)
        context.parts.ua.answer(context.session.id, context.microphoneStream)
    },
    applyMute: ({ context }) => {
      if (context.session) context.parts.ua.setMuted(context.session.id, context.muted)
    },
    terminateSession: ({ context }) => {
      if (context.session) context.parts.ua.terminate(context.session.id)
    },
    rejectIncoming: ({ context, event }) => {
      if (event.type === 'ua.incoming') context.parts.ua.reject(event.session)
    },
    releaseMicrophone: ({ context }) => stopTracks(context.microphoneStream),
    replaceMicrophone: ({ context, event }) => {
      if (event.type !== 'REPLACE_MICROPHONE') return
      if (context.session) context.parts.ua.replaceMicrophone(context.session.id, event.stream)
      stopTracks(context.microphoneStream)
    },
    takeSession: assign(({ context, event }) =>
      event.type === 'ua.incoming'
        ? {
            muted: context.calls.get(event.callId)?.muted === true,
            session: { id: event.session, callId: event.callId, autoAnswer: event.autoAnswer },
            trouble: undefined,
          }
        : {},
    ),
    forgetSession: assign({ session: undefined, remoteStream: undefined, microphoneStream: undefined, muted: false }),
    noteWish: assign({ wanted: ({ event }) => event.type === 'TAKE_HERE' || (event.type === 'START' && event.take) }),
    forgetWish: assign({ wanted: false }),
    noteFailure: assign({ failures: ({ context }) => context.failures + 1 }),
    noteTry: assign({ tries: ({ context }) => context.tries + 1 }),
    noteSuccess: assign({ failures: 0, tries: 0 }),
    noteTrouble: assign({
      trouble: ({ event }) =>
        event.type === 'ua.ended' && !event.byUs && !ordinaryEnds.has(event.cause) ? event.cause : undefined,
    }),
    noteCalls: assign(({ context, event }) => {
      if (event.type !== 'CALLS') return {}
      const calls = new Map(event.calls.map((call) => [call.id, call]))
      const callId = context.session?.callId
      const before = callId === undefined ? undefined : context.calls.get(callId)
      const now = callId === undefined ? undefined : calls.get(callId)
      // Another page of ours muted or unmuted: only a change counts, so that an answer under way does not undo our own click.
      const changedElsewhere = before && now && before.muted !== now.muted
      return changedElsewhere ? { calls, muted: now.muted } : { calls }
    }),
  },
  guards: {
    isSession: ({ context, event }) => 'session' in event && event.session === context.session?.id,
    /** An INVITE for the call whose session we have: the server rings anew because the old leg was lost. */
    isSameCall: ({ context, event }) =>
      event.type === 'ua.incoming' && event.callId !== '' && event.callId === context.session?.callId,
    isAnswerOfSession: ({ context, event }) => event.type === 'ANSWER' && event.callId === context.session?.callId,
    shouldAnswerAtOnce: ({ context }) =>
      context.session !== undefined &&
      (context.session.autoAnswer || context.calls.get(context.session.callId)?.answerRequested === true),
    /** The feed knew the call of the session and says that it is over. A call that the feed has not told yet is left alone. */
    isCallOver: ({ context, event }) => {
      if (event.type !== 'CALLS' || !context.session) return false
      const { callId } = context.session
      const now = event.calls.find((call) => call.id === callId)
      return now ? now.over : context.calls.has(callId)
    },
    isSimulated: ({ context }) => context.credentials?.simulated === true,
    isStale: ({ context }) => context.failures >= refusalsBeforeNewSession && context.session === undefined,
    isOwned: ({ event }) => event.type === 'ownership' && event.state === 'owned',
    isWaiting: ({ event }) => event.type === 'ownership' && event.state === 'waiting',
    isLost: ({ event }) => event.type === 'ownership' && event.state === 'lost',
  },
  delays: {
    again: ({ context }) => backoff(context.failures - 1, { first: 1500, most: 15_000 }),
    /** Asterisk restarts within seconds: try often at first. */
    connectAgain: ({ context }) => backoff(context.tries, { first: 1000, most: 6000 }),
    /** An Asterisk that restarted gets the accounts back within seconds. */
    registerAgain: ({ context }) => backoff(context.failures - 1, { first: 1000, most: 6000 }),
  },
}).createMachine({
  id: 'phone',
  context: ({ input }) => ({
    parts: input,
    credentials: undefined,
    wanted: false,
    failures: 0,
    tries: 0,
    microphoneProblem: undefined,
    calls: new Map(),
    session: undefined,
    microphoneStream: undefined,
    remoteStream: undefined,
    muted: false,
    trouble: undefined,
  }),
  invoke: [
    { src: 'uaEvents', input: ({ context }) => context.parts.ua },
    { src: 'microphoneEvents', input: ({ context }) => context.parts.microphone },
  ],
  type: 'parallel',
  states: {
    line: {
      initial: 'off',
      states: {
        off: { on: { START: { target: 'claimed', actions: 'noteWish' } } },
        claimed: {
          invoke: { src: 'ownership', input: ({ context }) => context.parts.ownership },
          initial: 'claiming',
          on: {
            STOP: { target: 'off', actions: 'stopUa' },
            TAKEN_OVER: { target: '.takenOver', actions: ['stopUa', 'forgetWish'] },
            ownership: [
              { guard: 'isOwned', target: '.requesting' },
              { guard: 'isWaiting', target: '.otherTab', actions: 'forgetWish' },
              { guard: 'isLost', target: '.otherTab', actions: ['stopUa', 'forgetWish'] },
            ],
          },
          states: {
            claiming: {},
            /** Another tab of this browser has the phone; when it closes, the phone comes here by itself. */
            otherTab: {
              on: {
                TAKE_HERE: { actions: ['noteWish', 'takeOwnership'] },
                TAKEN_OVER: {}, // by that very tab
              },
            },
            /** Another browser has the phone. */
            takenOver: { on: { TAKE_HERE: { target: 'requesting', actions: 'noteWish' } } },
            requesting: {
              invoke: {
                src: 'startPhone',
                input: ({ context }) => context,
                onDone: {
                  target: 'given',
                  actions: ['forgetWish', assign({ credentials: ({ event }) => event.output })],
                },
                onError: [
                  {
                    guard: ({ event }) => event.error instanceof PhoneElsewhereError,
                    target: 'takenOver',
                    actions: ['stopUa', 'forgetWish'],
                  },
                  { target: 'unserved', actions: 'noteFailure' },
                ],
              },
            },
            given: { always: [{ guard: 'isSimulated', target: 'simulated' }, { target: 'connecting' }] },
            /** The server gave no session; it is asked again. */
            unserved: { after: { again: 'requesting' }, on: { PROBE: 'requesting' } },
            /** No PBX: calls are answered through the API. */
            simulated: { entry: 'noteSuccess' },
            connecting: {
              entry: 'startUa',
              on: {
                'ua.registered': 'online',
                'ua.disconnected': 'reconnecting',
                'ua.refused': { target: 'refused', actions: 'noteFailure' },
              },
            },
            online: {
              entry: 'noteSuccess',
              on: {
                'ua.disconnected': 'reconnecting',
                'ua.refused': { target: 'refused', actions: 'noteFailure' },
                PROBE: { actions: 'probe' },
              },
            },
            /** Not connected, or connected and about to register. */
            reconnecting: {
              after: { connectAgain: { target: 'reconnecting', reenter: true, actions: ['noteTry', 'connect'] } },
              on: {
                'ua.registered': 'online',
                'ua.refused': { target: 'refused', actions: 'noteFailure' },
                'ua.disconnected': { target: 'reconnecting', reenter: true }, // a try failed: the time runs from here
                PROBE: { actions: 'connect' },
              },
            },
            /** Connected, but the PBX does not know us (it may have restarted). */
            refused: {
              always: { guard: 'isStale', target: 'requesting', actions: ['stopUa', 'noteSuccess'] },
              after: { registerAgain: { actions: 'register', target: 'reconnecting' } },
              on: {
                'ua.registered': 'online',
                'ua.disconnected': 'reconnecting',
                PROBE: { actions: 'register', target: 'reconnecting' },
              },
            },
          },
        },
      },
    },

    microphone: {
      initial: 'unknown',
      states: {
        unknown: { on: { 'ua.registered': 'checking' } },
        checking: {
          invoke: {
            src: 'checkMicrophone',
            input: ({ context }) => context.parts.microphone,
            onDone: { target: 'ready', actions: assign({ microphoneProblem: undefined }) },
            onError: {
              target: 'blocked',
              actions: assign({ microphoneProblem: ({ event }) => problemOf(event.error) }),
            },
          },
        },
        ready: {},
        blocked: {},
      },
      on: {
        // A check while nobody has given us a phone would ask for a permission that may never be needed.
        CHECK_MICROPHONE: { guard: ({ context }) => context.credentials?.simulated === false, target: '.checking' },
        'microphone.opened': { target: '.ready', actions: assign({ microphoneProblem: undefined }) },
        'microphone.failed': {
          target: '.blocked',
          actions: assign({ microphoneProblem: ({ event }) => event.problem }),
        },
      },
    },

    voice: {
      initial: 'none',
      on: { CALLS: { actions: 'noteCalls' } },
      states: {
        none: {
          entry: 'forgetSession',
          on: { 'ua.incoming': { target: 'busy', actions: 'takeSession' } },
        },
        busy: {
          initial: 'ringing',
          exit: 'releaseMicrophone',
          on: {
            'ua.ended': { guard: 'isSession', target: 'none', actions: 'noteTrouble' },
            REPLACE_MICROPHONE: {
              guard: ({ context }) => context.microphoneStream !== undefined,
              actions: ['replaceMicrophone', assign({ microphoneStream: ({ event }) => event.stream })],
            },
            'ua.stream': { guard: 'isSession', actions: assign({ remoteStream: ({ event }) => event.stream }) },
            'ua.incoming': [
              { guard: 'isSameCall', target: 'busy', reenter: true, actions: ['terminateSession', 'takeSession'] },
              { actions: 'rejectIncoming' },
            ],
            CALLS: [
              { guard: 'isCallOver', target: 'none', actions: ['terminateSession', 'noteCalls'] },
              { actions: ['noteCalls', 'applyMute'] },
            ],
          },
          states: {
            ringing: {
              always: { guard: 'shouldAnswerAtOnce', target: 'opening' },
              on: { ANSWER: { guard: 'isAnswerOfSession', target: 'opening' } },
            },
            opening: {
              invoke: {
                src: 'openMicrophone',
                input: ({ context }) => context.parts.microphone,
                onDone: {
                  target: 'answering',
                  actions: [
                    assign({ microphoneStream: ({ event }) => event.output }),
                    raise({ type: 'microphone.opened' }),
                  ],
                },
                onError: {
                  target: 'unheard',
                  actions: raise(({ event }) => ({ type: 'microphone.failed', problem: problemOf(event.error) })),
                },
              },
            },
            /** The microphone could not be opened: the phone rings on, and the operator may try again. */
            unheard: { on: { ANSWER: { guard: 'isAnswerOfSession', target: 'opening' } } },
            answering: {
              entry: 'answerSession',
              on: { 'ua.accepted': { guard: 'isSession', target: 'live' } },
            },
            live: { entry: 'applyMute' },
          },
        },
      },
    },
  },
  on: {
    FORGET_TROUBLE: { actions: assign({ trouble: undefined }) },
    // The call is over before its new microphone was open.
    REPLACE_MICROPHONE: { actions: ({ event }) => stopTracks(event.stream) },
    SET_MUTED: { actions: [assign({ muted: ({ event }) => event.muted }), 'applyMute'] },
  },
})

export type PhoneActor = ActorRefFrom<typeof phoneMachine>
export type PhoneSnapshot = SnapshotFrom<typeof phoneMachine>

/** JsSIP's causes that are no trouble: somebody hung up, declined, or another took the call. */
const ordinaryEnds: ReadonlySet<string> = new Set(['Terminated', 'Canceled', 'Rejected', 'Busy', 'No Answer'])

function problemOf(error: unknown): MicrophoneProblem {
  return error instanceof MicrophoneError ? error.problem : 'failed'
}
