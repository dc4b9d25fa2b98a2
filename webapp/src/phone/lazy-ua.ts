import { EchoError, type Credentials, type SipUa, type UaEvent } from './types'

/** A user agent whose code is still to be loaded. */
export interface LazyUa extends SipUa {
  /** Begins to load: it is about to be wanted. */
  load(): void
}

/**
 * The SIP stack is the largest part of the page, and nothing needs it before there is a phone session. Until it is there, nothing can
 * be done but to start it; where it cannot be loaded, that is a connection that fails, and is tried again like one.
 */
export function lazyUa(load: () => Promise<SipUa>): LazyUa {
  const listeners = new Set<(event: UaEvent) => void>()
  const tell = (event: UaEvent) => {
    for (const listener of listeners) listener(event)
  }
  let ua: SipUa | undefined
  let loading: Promise<void> | undefined
  let wanted: Credentials | undefined

  const fetchIt = async () => {
    try {
      ua = await load()
      ua.listen(tell)
      if (wanted) ua.start(wanted)
    } catch {
      loading = undefined
      if (wanted) tell({ type: 'ua.disconnected' })
    }
  }

  const begin = () => {
    if (!ua) loading ??= fetchIt()
  }

  return {
    load: begin,
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    start(credentials) {
      wanted = credentials
      if (ua) ua.start(credentials)
      else begin()
    },
    connect() {
      if (ua) ua.connect()
      else if (wanted) begin()
    },
    stop() {
      wanted = undefined
      ua?.stop()
    },
    rest() {
      wanted = undefined
      ua?.rest()
    },
    register: () => ua?.register(),
    probe: () => ua?.probe(),
    answer: (session, stream) => ua?.answer(session, stream),
    reject: (session) => ua?.reject(session),
    terminate: (session) => ua?.terminate(session),
    // It is asked for over a line that stands, and then the code is there.
    echo: (stream) =>
      ua?.echo(stream) ?? { voice: Promise.reject(new EchoError('refused', 'not loaded')), end: () => {} },
    stats: async (session) => (await ua?.stats(session)) ?? [],
    setMuted: (session, muted) => ua?.setMuted(session, muted),
    replaceMicrophone: (session, stream) => ua?.replaceMicrophone(session, stream),
  }
}
