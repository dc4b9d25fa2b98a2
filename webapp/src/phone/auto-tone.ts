import type { Timers } from '@/lib/timers'
import type { SipUa } from './types'

interface AutoToneOptions {
  /** Whether the operator is to be warned of the call, which their phone is asked to answer by itself. */
  readonly warns: (callId: string) => boolean
  /** Sounds the warning; returns for how many milliseconds it is heard. */
  readonly play: () => number
  timers: Timers
  /** Milliseconds that only grow. */
  now?: () => number
}

/**
 * The user agent, but that a call which is answered by itself begins with a tone: the answer waits until it has sounded, so that
 * nothing the customer says is lost under it, and the operator is not heard unawares.
 */
export function withAutoTone(
  ua: SipUa,
  { warns, play, timers, now = () => performance.now() }: AutoToneOptions,
): SipUa {
  /** Until when the tones of sessions sound. */
  const until = new Map<string, number>()
  return {
    listen: (listener) =>
      ua.listen((event) => {
        if (event.type === 'ua.incoming' && event.autoAnswer && warns(event.callId))
          until.set(event.session, now() + play())
        if (event.type === 'ua.ended') until.delete(event.session)
        listener(event)
      }),
    answer(session, stream) {
      const left = (until.get(session) ?? 0) - now()
      until.delete(session)
      if (left <= 0) ua.answer(session, stream)
      else timers.after(left, () => ua.answer(session, stream)) // nothing happens if the session is gone by then
    },
    start: (credentials) => ua.start(credentials),
    connect: () => ua.connect(),
    register: () => ua.register(),
    stop: () => ua.stop(),
    rest: () => ua.rest(),
    probe: () => ua.probe(),
    reject: (session) => ua.reject(session),
    terminate: (session) => ua.terminate(session),
    echo: (stream) => ua.echo(stream),
    setMuted: (session, muted) => ua.setMuted(session, muted),
    stats: async (session) => ua.stats(session),
    replaceMicrophone: (session, stream) => ua.replaceMicrophone(session, stream),
  }
}
