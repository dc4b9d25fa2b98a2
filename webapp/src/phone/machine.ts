import {
  assign,
  enqueueActions,
  fromCallback,
  fromPromise,
  raise,
  setup,
  type ActorRefFrom,
  type SnapshotFrom,
} from 'xstate'
import { backoff } from '@/lib/backoff'
import { needsMicrophone, sessionMachine, voiceOfSession, type SessionActor, type SessionWord } from './session'
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
  /** By the names of the user agent, in order of arrival. Two for one call while the voice moves from one to the other. */
  readonly sessions: ReadonlyMap<string, SessionActor>
  /** What all sessions speak by; open as long as one of them needs it. */
  readonly microphoneStream: MediaStream | undefined
  /** Why the last session ended otherwise than by a hang-up; shown until the next one. */
  readonly trouble: string | undefined
}

export type PhoneEvent =
  | UaEvent
  | SessionWord
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
  | { type: 'SET_MUTED'; callId: string; muted: boolean }
  /** The operator has seen why the voice broke. */
  | { type: 'FORGET_TROUBLE' }
  | { type: 'CHECK_MICROPHONE' }
  /** Another microphone was opened for the call; the machine closes the stream, whether there is still a call or not. */
  | { type: 'REPLACE_MICROPHONE'; stream: MediaStream }
  /** To the microphone's region: opening it for an answer went well, or did not. */
  | { type: 'microphone.opened' }
  | { type: 'microphone.failed'; problem: MicrophoneProblem }
  /** The network may have changed, or the person is back: see whether the connection still lives, or make it now. */
  | { type: 'PROBE' }

/** After this many refusals in a row the session itself is thought stale, and a new one is asked for. */
const refusalsBeforeNewSession = 8

function stopTracks(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop()
}

/** One call is led, another may be beside it. */
const mostCalls = 2

const callOf = (session: SessionActor) => session.getSnapshot().context.callId

/** The sessions of a call. One without a call is of none. */
function ofCall({ sessions }: PhoneContext, callId: string): [string, SessionActor][] {
  return [...sessions].filter(([, session]) => callId !== '' && callOf(session) === callId)
}

/**
 * The phone as four things at once: the line (are we registered), the microphone's state (can we be heard), the microphone while it is
 * open, and the sessions, each a machine of its own. It knows no JsSIP, no React and no GraphQL; `PhoneParts` are its hands.
 */
export const phoneMachine = setup({
  types: {
    context: {} as PhoneContext,
    input: {} as PhoneParts,
    events: {} as PhoneEvent,
  },
  actors: {
    session: sessionMachine,
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
    restUa: ({ context }) => context.parts.ua.rest(),
    connect: ({ context }) => context.parts.ua.connect(),
    register: ({ context }) => context.parts.ua.register(),
    probe: ({ context }) => context.parts.ua.probe(),
    takeOwnership: ({ context }) => context.parts.ownership.take(),
    rejectIncoming: ({ context, event }) => {
      if (event.type === 'ua.incoming') context.parts.ua.reject(event.session)
    },
    takeSession: assign(({ context, event, spawn }) => {
      if (event.type !== 'ua.incoming') return {}
      const call = context.calls.get(event.callId)
      const [, former] = ofCall(context, event.callId).at(-1) ?? []
      const session = spawn('session', {
        id: event.session,
        syncSnapshot: true,
        input: {
          ua: context.parts.ua,
          id: event.session,
          callId: event.callId,
          wanted: event.autoAnswer || call?.answerRequested === true,
          // Our own click may be newer than what the feed has told.
          muted: former?.getSnapshot().context.muted ?? call?.muted === true,
        },
      })
      return { sessions: new Map([...context.sessions, [event.session, session]]), trouble: undefined }
    }),
    /** The session is over, whoever ended it. */
    dropSession: enqueueActions(({ context, event, enqueue }) => {
      if (!('session' in event)) return
      enqueue.stopChild(event.session)
      enqueue.assign({ sessions: new Map([...context.sessions].filter(([id]) => id !== event.session)) })
    }),
    terminateSession: ({ context, event }) => {
      if ('session' in event) context.parts.ua.terminate(event.session)
    },
    /** The server rings anew: nothing is expected of the former session, unless a voice still comes from it. */
    endSilentOfCall: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'ua.incoming') return
      for (const [session, actor] of ofCall(context, event.callId)) {
        if (voiceOfSession(actor) !== 'live') enqueue.raise({ type: 'session.end', session })
      }
    }),
    acceptSession: enqueueActions(({ context, event, enqueue }) => {
      const accepted = event.type === 'ua.accepted' ? context.sessions.get(event.session) : undefined
      if (!accepted) return
      enqueue.sendTo(accepted, { type: 'accepted' })
      for (const [, session] of ofCall(context, callOf(accepted))) {
        if (session !== accepted) enqueue.sendTo(session, { type: 'superseded' })
      }
    }),
    hearSession: enqueueActions(({ context, event, enqueue }) => {
      const session = event.type === 'ua.stream' ? context.sessions.get(event.session) : undefined
      if (session && event.type === 'ua.stream') enqueue.sendTo(session, { type: 'stream', stream: event.stream })
    }),
    answerCall: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'ANSWER') return
      for (const [, session] of ofCall(context, event.callId)) enqueue.sendTo(session, { type: 'answer' })
    }),
    muteCall: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'SET_MUTED') return
      const { muted } = event
      for (const [, session] of ofCall(context, event.callId)) enqueue.sendTo(session, { type: 'mute', muted })
    }),
    giveMicrophone: enqueueActions(({ context, enqueue }) => {
      const stream = context.microphoneStream
      if (!stream) return
      for (const session of waiting(context)) enqueue.sendTo(session, { type: 'microphone', stream })
    }),
    refuseMicrophone: enqueueActions(({ context, enqueue }) => {
      for (const session of waiting(context)) enqueue.sendTo(session, { type: 'noMicrophone' })
    }),
    releaseMicrophone: ({ context }) => stopTracks(context.microphoneStream),
    forgetMicrophone: assign({ microphoneStream: undefined }),
    replaceMicrophone: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'REPLACE_MICROPHONE') return
      const { stream } = event
      for (const session of context.sessions.values()) enqueue.sendTo(session, { type: 'replaceMicrophone', stream })
      enqueue(() => stopTracks(context.microphoneStream))
      enqueue.assign({ microphoneStream: stream })
    }),
    noteWish: assign({ wanted: ({ event }) => event.type === 'TAKE_HERE' || (event.type === 'START' && event.take) }),
    forgetWish: assign({ wanted: false }),
    noteFailure: assign({ failures: ({ context }) => context.failures + 1 }),
    noteTry: assign({ tries: ({ context }) => context.tries + 1 }),
    noteSuccess: assign({ failures: 0, tries: 0 }),
    noteTrouble: assign(({ context, event }) => {
      if (event.type !== 'ua.ended' || event.byUs || ordinaryEnds.has(event.cause)) return {}
      const ended = context.sessions.get(event.session)
      // The voice goes on in another session.
      if (!ended || ofCall(context, callOf(ended)).length > 1) return {}
      return { trouble: event.cause }
    }),
    noteCalls: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'CALLS') return
      const calls = new Map(event.calls.map((call) => [call.id, call]))
      for (const [id, session] of context.sessions) {
        const before = context.calls.get(callOf(session))
        const now = calls.get(callOf(session))
        // The feed knew the call and says that it is over. A call that the feed has not told yet is left alone.
        if (now?.over || (!now && before && voiceOfSession(session) === 'ringing')) {
          enqueue.raise({ type: 'session.end', session: id })
          continue
        }
        // A server that has just begun does not know yet who is in which conversation.
        if (now) enqueue.cancel(`gone ${id}`)
        else if (before) enqueue.raise({ type: 'session.end', session: id }, { delay: 3000, id: `gone ${id}` })
        // Another page of ours muted or unmuted: only a change counts, so that an answer under way does not undo our own click.
        if (before && now && before.muted !== now.muted) enqueue.sendTo(session, { type: 'mute', muted: now.muted })
        if (now?.answerRequested && voiceOfSession(session) === 'ringing') enqueue.sendTo(session, { type: 'answer' })
      }
      enqueue.assign({ calls })
    }),
  },
  guards: {
    isSession: ({ context, event }) => 'session' in event && context.sessions.has(event.session),
    /** An INVITE for a call whose session we have: the old leg was lost, or the voice moves. */
    isSameCall: ({ context, event }) => event.type === 'ua.incoming' && ofCall(context, event.callId).length > 0,
    isFull: ({ context }) =>
      new Set([...context.sessions].map(([id, session]) => callOf(session) || id)).size >= mostCalls,
    isMicrophoneUnneeded: ({ context }) => ![...context.sessions.values()].some(needsMicrophone),
    isSimulated: ({ context }) => context.credentials?.simulated === true,
    isStale: ({ context }) => context.failures >= refusalsBeforeNewSession && context.sessions.size === 0,
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
    sessions: new Map(),
    microphoneStream: undefined,
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
            TAKEN_OVER: { target: '.takenOver', actions: ['restUa', 'forgetWish'] },
            ownership: [
              { guard: 'isOwned', target: '.requesting' },
              { guard: 'isWaiting', target: '.otherTab', actions: 'forgetWish' },
              { guard: 'isLost', target: '.otherTab', actions: ['restUa', 'forgetWish'] },
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
                    actions: ['restUa', 'forgetWish'],
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

    /** The open microphone, which all sessions share: opened for the first that answers, closed after the last. */
    capture: {
      initial: 'closed',
      states: {
        closed: { entry: 'forgetMicrophone', on: { 'session.needsMicrophone': 'opening' } },
        opening: {
          always: { guard: 'isMicrophoneUnneeded', target: 'closed' },
          invoke: {
            src: 'openMicrophone',
            input: ({ context }) => context.parts.microphone,
            onDone: {
              target: 'open',
              actions: [
                assign({ microphoneStream: ({ event }) => event.output }),
                'giveMicrophone',
                raise({ type: 'microphone.opened' }),
              ],
            },
            onError: {
              target: 'closed',
              actions: [
                'refuseMicrophone',
                raise(({ event }) => ({ type: 'microphone.failed', problem: problemOf(event.error) })),
              ],
            },
          },
        },
        open: {
          exit: 'releaseMicrophone',
          always: { guard: 'isMicrophoneUnneeded', target: 'closed' },
          on: {
            'session.needsMicrophone': { actions: 'giveMicrophone' },
            REPLACE_MICROPHONE: { actions: 'replaceMicrophone' },
          },
        },
      },
    },
  },
  on: {
    'ua.incoming': [
      { guard: 'isSameCall', actions: ['endSilentOfCall', 'takeSession'] },
      { guard: 'isFull', actions: 'rejectIncoming' },
      { actions: 'takeSession' },
    ],
    'ua.accepted': { actions: 'acceptSession' },
    'ua.stream': { actions: 'hearSession' },
    'ua.ended': { guard: 'isSession', actions: ['noteTrouble', 'dropSession'] },
    'session.end': { guard: 'isSession', actions: ['terminateSession', 'dropSession'] },
    CALLS: { actions: 'noteCalls' },
    ANSWER: { actions: 'answerCall' },
    SET_MUTED: { actions: 'muteCall' },
    FORGET_TROUBLE: { actions: assign({ trouble: undefined }) },
    // The call is over before its new microphone was open.
    REPLACE_MICROPHONE: { actions: ({ event }) => stopTracks(event.stream) },
  },
})

export type PhoneActor = ActorRefFrom<typeof phoneMachine>
export type PhoneSnapshot = SnapshotFrom<typeof phoneMachine>

/** JsSIP's causes that are no trouble: somebody hung up, declined, or another took the call. */
const ordinaryEnds: ReadonlySet<string> = new Set(['Terminated', 'Canceled', 'Rejected', 'Busy', 'No Answer'])

/** The sessions that wait for the microphone. */
function waiting({ sessions }: PhoneContext): SessionActor[] {
  return [...sessions.values()].filter((session) => session.getSnapshot().matches('opening'))
}

function problemOf(error: unknown): MicrophoneProblem {
  return error instanceof MicrophoneError ? error.problem : 'failed'
}
