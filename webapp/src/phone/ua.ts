import { UA } from 'jssip'
import { every, type Timers } from '@/lib/timers'
import { boundGathering } from './ice'
import { PhoneSocket } from './ua-socket'
import { callEcho, noEcho } from './ua-echo'
import type { Credentials, SipUa, Stats, UaEvent } from './types'

/** A session as JsSIP's own typing gives it (it exports no name for it). */
type JsSession = ReturnType<UA['call']>

/** The part that is used of JsSIP's event for a new session; its typing is a union that no listener can be written for. */
interface IncomingSession {
  readonly originator: string
  readonly session: JsSession
  readonly request: { getHeader(name: string): string | undefined }
}

/** Of JsSIP's user agent, but missing in its typing. */
interface Untyped {
  readonly transport: { connect(): void } | null
  sendOptions(
    target: string,
    body: string,
    options: {
      eventHandlers: { succeeded: () => void; failed: (event: { readonly response: object | null }) => void }
    },
  ): void
}

/** The sign of life must come back within this time; milliseconds. */
const probeAnswer = 5000
/** The same where the voice is lost as well, which says that the network has changed or failed; milliseconds. */
const probeAnswerSilent = 2500
/**
 * A registration must be answered within this time after the connection was made, after each in vain within twice the time; milliseconds.
 * Asterisk takes connections before it takes registrations, which it leaves unanswered until it has started: nobody repeats them.
 */
const registerAnswer = { first: 3000, most: 15_000 }
/** Milliseconds between looks at what is due. */
const tickInterval = 10_000
/** Seconds until JsSIP would connect again by itself, by a timer that hidden pages slow down: never, whoever holds us says when. */
const recoveryNever = 1_000_000
/** Seconds. The queue decides how long a phone rings, never the phone; JsSIP's own default of 60 would decline by itself. */
const noAnswerTimeout = 3600

/** Share of the registration's life after which it is renewed. JsSIP would do so by a timer that hidden pages slow down. */
const renewAfter = 0.4

/** Header of the INVITE that names the call of the feed. */
const callHeader = 'X-Pult-Call'
/** Header of the INVITE that asks to answer at once: the operator dialled, or asked for the answer elsewhere. */
const autoAnswerHeader = 'X-Pult-Auto-Answer'

interface Running {
  readonly ua: UA
  readonly uri: string
  readonly socket: PhoneSocket
  readonly iceServers: RTCIceServer[]
  readonly expires: number
  /** When it was last registered, milliseconds; 0 while it is not. */
  renewedAt: number
  lastTick: number
  /** Gives up waiting for the answer to a registration. */
  answered: () => void
  /** Registrations in a row that nobody answered. */
  unanswered: number
  /** The connection broke at least once since the established session was last negotiated. */
  reconnected: boolean
  /** Ends the looks at what is due. */
  stopTicking: () => void
}

/** A session, and the microphone that it alone has: sessions are muted one by one. */
interface Talk {
  readonly session: JsSession
  readonly run: Running
  /** We have answered. */
  answered: boolean
  microphone: MediaStream | undefined
}

/**
 * The SIP user agent over JsSIP. Its objects never leave this file and its socket. What it does beyond calling JsSIP: bounds ICE gathering, answers
 * with a microphone that is already open, renegotiates a call after the connection was lost (else a hang-up from the PBX no longer
 * reaches the page) and where its voice was (the network has changed), and never holds by re-INVITE (a refused one ends the call). JsSIP's own timers for connecting and registering
 * again are put to sleep: they would sleep anyway while the page is hidden.
 */
export function makeUa(timers: Timers): SipUa {
  const listeners = new Set<(event: UaEvent) => void>()
  const talks = new Map<string, Talk>()
  let running: Running | undefined
  let probing: (() => void) | undefined

  const tell = (event: UaEvent) => {
    for (const listener of listeners) listener(event)
  }

  const talksOf = (run: Running) => [...talks].filter(([, talk]) => talk.run === run)

  /** Forgets a session that is over, and closes its microphone. */
  const forget = (id: string): boolean => {
    for (const track of talks.get(id)?.microphone?.getTracks() ?? []) track.stop()
    return talks.delete(id)
  }

  /** Nothing more is to come of the run; what it has goes on. */
  const retire = (): Running | undefined => {
    probing?.()
    probing = undefined
    const retired = running
    running = undefined
    retired?.stopTicking()
    retired?.answered()
    return retired
  }

  const end = (run: Running) => {
    const left = talksOf(run)
    for (const [id] of left) forget(id)
    run.ua.removeAllListeners()
    run.ua.stop()
    for (const [session] of left) tell({ type: 'ua.ended', session, cause: 'Terminated', byUs: true })
  }

  const stop = () => {
    const runs = new Set([...talks.values()].map((talk) => talk.run))
    const stopped = retire()
    if (stopped) runs.add(stopped)
    for (const run of runs) end(run)
  }

  const rest = () => {
    const run = retire()
    if (!run) return
    for (const [id, talk] of talksOf(run)) {
      if (talk.answered) continue
      forget(id)
      talk.session.terminate()
      tell({ type: 'ua.ended', session: id, cause: 'Terminated', byUs: true })
    }
    if (talksOf(run).length === 0) end(run)
  }

  const watchSession = (run: Running, session: JsSession, callId: string, autoAnswer: boolean) => {
    const id = session.id
    talks.set(id, { session, run, answered: false, microphone: undefined })
    const over = (event: { cause: string; originator: string }) => {
      if (!forget(id)) return
      tell({ type: 'ua.ended', session: id, cause: event.cause, byUs: event.originator === 'local' })
      if (run !== running && talksOf(run).length === 0) end(run) // it has rested for this one only
    }
    session.on('ended', over)
    session.on('failed', over)
    session.on('confirmed', () => tell({ type: 'ua.accepted', session: id }))
    session.on('icecandidate', boundGathering(timers))
    session.on('peerconnection', ({ peerconnection }) => {
      peerconnection.addEventListener('track', ({ track, streams }) => {
        tell({ type: 'ua.stream', session: id, stream: streams[0] ?? new MediaStream([track]) })
      })
      peerconnection.addEventListener('iceconnectionstatechange', () => {
        if (isLost(peerconnection)) regain(run, session, peerconnection)
      })
    })
    tell({ type: 'ua.incoming', session: id, callId, autoAnswer })
  }

  /**
   * The voice gets through no more. Where signalling does, new ways are looked for at once; where it does not either, the connection is
   * made anew, and that looks for them. A loss that is over by itself is left alone.
   */
  const regain = (run: Running, session: JsSession, connection: RTCPeerConnection) => {
    if (run !== running || !session.isEstablished()) return
    probe(probeAnswerSilent, () => {
      if (session.isEstablished() && isLost(connection)) lookForWays(session)
    })
  }

  const start = (credentials: Credentials) => {
    rest()
    const socket = new PhoneSocket(credentials.wsUrls, timers)
    const ua = new UA({
      sockets: [socket],
      uri: credentials.uri,
      authorization_user: credentials.authorizationUser,
      realm: credentials.realm,
      ha1: credentials.ha1,
      display_name: credentials.displayName,
      register_expires: credentials.registerExpires,
      connection_recovery_min_interval: recoveryNever,
      connection_recovery_max_interval: recoveryNever,
      no_answer_timeout: noAnswerTimeout,
      session_timers: false, // Asterisk watches over the media; an unanswered UPDATE would drop the call
      user_agent: 'Pult',
    })
    const run: Running = {
      ua,
      uri: credentials.uri,
      socket,
      iceServers: credentials.iceServers.map(iceServer),
      expires: credentials.registerExpires * 1000,
      renewedAt: 0,
      lastTick: Date.now(),
      answered: () => {},
      unanswered: 0,
      reconnected: false,
      stopTicking: () => {},
    }
    running = run
    ua.on('connected', () => awaitAnswer(run)) // JsSIP registers by itself
    ua.on('disconnected', () => {
      if (run !== running) return
      run.answered()
      probing?.() // it was about this connection: late, it would take the next one for dead
      probing = undefined
      run.reconnected = true
      run.renewedAt = 0
      tell({ type: 'ua.disconnected' })
    })
    ua.on('registrationExpiring', () => {}) // who listens renews: tick does
    ua.on('registered', () => {
      if (run !== running) return
      run.answered()
      run.unanswered = 0
      run.renewedAt = Date.now()
      tell({ type: 'ua.registered' })
      if (!run.reconnected) return
      run.reconnected = false
      for (const [, { session }] of talksOf(run)) {
        if (session.isEstablished()) lookForWays(session)
      }
    })
    ua.on('registrationFailed', ({ cause }) => {
      if (run !== running) return
      run.answered()
      run.unanswered = 0
      tell({ type: 'ua.refused', cause: cause ?? '' })
    })
    ua.on('newRTCSession', ({ originator, session, request }: IncomingSession) => {
      if (originator !== 'remote') return
      if (run !== running) {
        session.terminate() // it is for where the phone is now
        return
      }
      watchSession(run, session, request.getHeader(callHeader) ?? '', request.getHeader(autoAnswerHeader) === '1')
    })
    ua.start()
    run.stopTicking = every(timers, tickInterval, () => tick(run))
  }

  const reconnect = (run: Running) => {
    const agent = run.ua as UA & Untyped
    agent.transport?.connect() // nothing happens while it is connected, or connecting
  }

  const awaitAnswer = (run: Running) => {
    run.answered()
    const limit = Math.min(registerAnswer.most, registerAnswer.first * 2 ** run.unanswered)
    run.answered = timers.after(limit, () => {
      run.unanswered++
      run.socket.drop()
      reconnect(run) // the wait was pause enough
    })
  }

  /** Where one is asked for already, the stricter counts. */
  const probe = (within = probeAnswer, answered?: () => void) => {
    const run = running
    if (!run?.ua.isConnected() || (probing !== undefined && !answered)) return
    probing?.()
    const cancel = timers.after(within, () => {
      probing = undefined
      run.socket.drop()
    })
    probing = cancel
    const alive = () => {
      cancel()
      if (probing === cancel) probing = undefined
      answered?.()
    }
    // Any answer is a sign of life, a refusal too; that the connection was given up is none.
    const failed = ({ response }: { readonly response: object | null }) => {
      if (response) alive()
    }
    const agent = run.ua as UA & Untyped
    agent.sendOptions(run.uri, '', { eventHandlers: { succeeded: alive, failed } })
  }

  const tick = (run: Running) => {
    const now = Date.now()
    const slept = now - run.lastTick > 3 * tickInterval
    run.lastTick = now
    const due = run.renewedAt !== 0 && now - run.renewedAt >= run.expires * renewAfter && run.ua.isConnected()
    // JsSIP waits half a minute for the answer to a renewal and then leaves the dead connection as it is.
    if (slept || due) probe()
    if (!due) return
    run.renewedAt = now
    run.ua.register()
  }

  const withTalk = (id: string, act: (talk: Talk) => void) => {
    const talk = talks.get(id)
    if (talk && !talk.session.isEnded()) act(talk)
  }

  return {
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    start,
    stop,
    rest,
    connect() {
      if (running) reconnect(running)
    },
    register() {
      if (!running?.ua.isConnected()) return
      running.ua.register()
      awaitAnswer(running)
    },
    probe: () => probe(),
    answer(id, stream) {
      withTalk(id, (talk) => {
        talk.answered = true
        talk.microphone = stream.clone()
        talk.session.answer({
          mediaStream: talk.microphone,
          mediaConstraints: { audio: true, video: false },
          pcConfig: { iceServers: talk.run.iceServers },
        })
      })
    },
    echo(stream) {
      const run = running
      if (!run?.ua.isConnected()) return noEcho('not connected')
      return callEcho((target, options) => run.ua.call(target, options), run.uri, {
        stream,
        iceServers: run.iceServers,
        timers,
      })
    },
    reject(id) {
      withTalk(id, ({ session }) => session.terminate({ status_code: 486, reason_phrase: 'Busy Here' }))
    },
    terminate(id) {
      withTalk(id, ({ session }) => session.terminate())
    },
    setMuted(id, muted) {
      withTalk(id, ({ session }) => {
        if (!session.isEstablished()) return
        if (muted) session.mute({ audio: true })
        else session.unmute({ audio: true })
      })
    },
    replaceMicrophone(id, stream) {
      withTalk(id, (talk) => {
        const { session } = talk
        const sender = session.connection?.getSenders().find((sender) => sender.track?.kind === 'audio')
        const own = stream.clone()
        const [track] = own.getAudioTracks()
        if (!track || !sender) return
        for (const former of talk.microphone?.getTracks() ?? []) former.stop()
        talk.microphone = own
        // JsSIP mutes whatever track the sender has at that moment: the new one begins as the former was.
        track.enabled = session.isMuted().audio !== true
        // It fails only when the connection is closed, and then nobody listens.
        sender.replaceTrack(track).catch(() => {})
      })
    },
    async stats(id) {
      const connection = talks.get(id)?.session.connection as RTCPeerConnection | undefined
      const found: Stats[] = []
      try {
        const report = await connection?.getStats()
        report?.forEach((entry: Stats) => found.push(entry))
      } catch {
        // The connection was closed meanwhile.
      }
      return found
    },
  }
}

function isLost({ iceConnectionState }: RTCPeerConnection): boolean {
  return iceConnectionState === 'disconnected' || iceConnectionState === 'failed'
}

/** Restarts ICE in a new offer. */
function lookForWays(session: JsSession): void {
  session.renegotiate({ rtcOfferConstraints: { iceRestart: true } })
}

function iceServer({ urls, username, credential }: Credentials['iceServers'][number]): RTCIceServer {
  const server: RTCIceServer = { urls: [...urls] }
  if (username !== null) server.username = username
  if (credential !== null) server.credential = credential
  return server
}
