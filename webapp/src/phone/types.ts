// The words between the phone's machine and the parts around it. Nothing here knows JsSIP, React or GraphQL.

/** A phone session as startPhone hands it out. ha1 is as good as a password: memory only, never stored or logged. */
export interface Credentials {
  readonly wsUrls: readonly string[]
  readonly uri: string
  readonly authorizationUser: string
  readonly realm: string
  readonly ha1: string
  readonly displayName: string
  readonly iceServers: readonly {
    readonly urls: readonly string[]
    readonly username: string | null
    readonly credential: string | null
  }[]
  /** Seconds. */
  readonly registerExpires: number
  /** There is no real PBX: nothing is signed in, calls are answered through the API. */
  readonly simulated: boolean
}

/** What the SIP side reports. */
export type UaEvent =
  | { type: 'ua.disconnected' }
  | { type: 'ua.registered' }
  | { type: 'ua.refused'; cause: string }
  | { type: 'ua.incoming'; session: string; callId: string; autoAnswer: boolean }
  | { type: 'ua.accepted'; session: string }
  | { type: 'ua.stream'; session: string; stream: MediaStream }
  | { type: 'ua.ended'; session: string; cause: string; byUs: boolean }

/** A dictionary of RTCPeerConnection.getStats(). */
export type Stats = Readonly<Record<string, unknown>>

/** The SIP side. Sessions are named by opaque strings; methods on a session that is gone do nothing. */
export interface SipUa {
  /** Tells events to listener until the returned function is called. */
  listen(listener: (event: UaEvent) => void): () => void
  /** Connects and registers; a later start replaces the former, whose sessions go on as after rest. */
  start(credentials: Credentials): void
  /** Connects again now, and registers; it does not by itself. A try under way goes on. */
  connect(): void
  /** Registers again now, over the standing connection. */
  register(): void
  /** Ends sessions, unregisters, disconnects. */
  stop(): void
  /**
   * The phone is elsewhere now: no more is registered and nothing rings, but a voice goes on until the far side ends it, and the
   * connection with it.
   */
  rest(): void
  /** Asks the far side for a sign of life; no answer in time means that the connection is dropped. */
  probe(): void
  answer(session: string, stream: MediaStream): void
  reject(session: string): void
  terminate(session: string): void
  /** Calls the PBX's echo, which sends back what it hears. It is no call of the feed, and no session of the machine's. */
  echo(stream: MediaStream): Echo
  /** Silences or opens the microphone, at once and without signalling. */
  setMuted(session: string, muted: boolean): void
  /** Speaks by another microphone from now on, without renegotiation; who is muted stays so. The former stream is left to its opener. */
  replaceMicrophone(session: string, stream: MediaStream): void
  /** What the browser counts of a session's voice; nothing where there is none. */
  stats(session: string): Promise<readonly Stats[]>
}

/** A connection to the PBX's echo. */
export interface Echo {
  /** What comes back, once media can flow both ways. Rejects with an EchoError. */
  readonly voice: Promise<MediaStream>
  /** Hangs up. */
  end(): void
}

/** Why there is no echo: the PBX refused the call, or no media gets through. */
export class EchoError extends Error {
  readonly problem: 'refused' | 'media'

  constructor(problem: 'refused' | 'media', cause: string) {
    super(`echo: ${problem}: ${cause}`)
    this.name = 'EchoError'
    this.problem = problem
  }
}

/** The server gave no phone session: another window has the phone, and nobody asked to take it here. */
export class PhoneElsewhereError extends Error {
  constructor(cause?: unknown) {
    super('another window has the phone', { cause })
    this.name = 'PhoneElsewhereError'
  }
}

/** Why the microphone cannot be used. */
export type MicrophoneProblem = 'denied' | 'missing' | 'busy' | 'insecure' | 'failed'

/** The microphone. */
export interface Microphone {
  /**
   * Opens it; rejects with a MicrophoneError. Whoever opens closes (stops the tracks). raw: as it is, without what the browser does to a
   * voice, which makes silence out of a quiet room.
   */
  open(options?: { raw?: boolean }): Promise<MediaStream>
  /** Tells when devices or permissions may have changed, until the returned function is called. */
  watch(changed: () => void): () => void
}

export class MicrophoneError extends Error {
  readonly problem: MicrophoneProblem

  constructor(problem: MicrophoneProblem, cause?: unknown) {
    super(`microphone: ${problem}`, { cause })
    this.name = 'MicrophoneError'
    this.problem = problem
  }
}

/** One page among the tabs of this browser owns the phone. */
export interface Ownership {
  /** Claims; told each change: owned, waiting for another tab, or lost to one that took over. Returns the release. */
  claim(told: (state: 'owned' | 'waiting' | 'lost') => void): () => void
  /** Takes the phone from the tab that has it. */
  take(): void
}

/** What the phone needs to know of a call of the feed. */
export interface PhoneCall {
  readonly id: string
  /** The conversation is over (or never will be): our leg has no business any more. */
  readonly over: boolean
  /** Somebody of us asked elsewhere for the answer. */
  readonly answerRequested: boolean
  readonly muted: boolean
}
