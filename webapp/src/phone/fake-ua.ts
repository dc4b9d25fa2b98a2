import { EchoError, type Credentials, type Echo, type SipUa, type Stats, type UaEvent } from './types'

/** A user agent for tests: it records what it is told to do and reports what the test makes happen. */
export class FakeUa implements SipUa {
  readonly done: string[] = []
  credentials: Credentials | undefined
  /** What stats answers. */
  counted: readonly Stats[] = []
  /** Registers by itself soon after start. */
  registers = false
  readonly #listeners = new Set<(event: UaEvent) => void>()
  #sessions = 0

  /** Makes something happen. */
  emit(event: UaEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  /** An INVITE arrives; returns the name of its session. */
  invite(callId: string, autoAnswer = false): string {
    const session = `session-${++this.#sessions}`
    this.emit({ type: 'ua.incoming', session, callId, autoAnswer })
    return session
  }

  listen(listener: (event: UaEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  start(credentials: Credentials): void {
    this.credentials = credentials
    this.done.push('start')
    if (this.registers) queueMicrotask(() => this.emit({ type: 'ua.registered' }))
  }

  connect(): void {
    this.done.push('connect')
  }

  register(): void {
    this.done.push('register')
  }

  stop(): void {
    this.done.push('stop')
  }

  rest(): void {
    this.done.push('rest')
  }

  probe(): void {
    this.done.push('probe')
  }

  answer(session: string): void {
    this.done.push(`answer ${session}`)
  }

  reject(session: string): void {
    this.done.push(`reject ${session}`)
  }

  terminate(session: string): void {
    this.done.push(`terminate ${session}`)
  }

  echo(): Echo {
    this.done.push('echo')
    return { voice: Promise.reject(new EchoError('refused', 'a fake')), end: () => {} }
  }

  setMuted(session: string, muted: boolean): void {
    this.done.push(`${muted ? 'mute' : 'unmute'} ${session}`)
  }

  replaceMicrophone(session: string): void {
    this.done.push(`replace ${session}`)
  }

  async stats(): Promise<readonly Stats[]> {
    return this.counted
  }
}
