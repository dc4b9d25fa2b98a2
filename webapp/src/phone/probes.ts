import type { Timers } from '@/lib/timers'
import type { DevicePermission } from './devices'
import type { Finding, PreflightPlan, Probe, StepPlan } from './preflight'
import { decibels, isDigitalSilence } from './sound'
import { MicrophoneError, type Microphone } from './types'
import type { LineView } from './view'

/** What the probes touch; small, so that tests can be it. */
export interface ProbeParts {
  readonly microphone: Microphone
  /** Whether the browser would ask the person for the microphone. */
  readonly permission: () => Promise<DevicePermission>
  /** How many devices sound can come from; undefined where the browser does not tell. */
  readonly outputs: () => Promise<number | undefined>
  readonly sound: SoundParts
  /** Of the ringer, 0 to 1. */
  readonly volume: () => number
  readonly notifications: () => NotificationPermission | 'unsupported'
  readonly line: {
    readonly get: () => LineView
    /** Calls changed after each change, until the returned function is called. */
    readonly watch: (changed: () => void) => () => void
    /** The addresses of the PBX, once there is a phone session. */
    readonly urls: () => readonly string[]
  }
  /** Opens a WebSocket for SIP and closes it again; rejects when it cannot be opened. */
  readonly connect: (url: string, signal: AbortSignal) => Promise<void>
  readonly echo: (signal: AbortSignal) => Promise<Finding>
  /** The server's time, milliseconds since the epoch; rejects when it does not answer. */
  readonly serverTime: () => Promise<number>
  readonly timers: Timers
  /** This computer's time, milliseconds since the epoch. */
  readonly now: () => number
}

/** Web Audio, as far as probes need it. */
export interface SoundParts {
  /** Whether the browser lets the page make sound now. */
  readonly allowed: () => Promise<boolean>
  /** Gives samples of a stream until the returned object is closed. */
  readonly listen: (stream: MediaStream) => { samples: () => Float32Array; close: () => void }
  /** Plays a tone too soft to be noticed and tells whether it went the way to the loudspeaker. */
  readonly loopback: () => Promise<boolean>
}

/** How far clocks may differ; milliseconds. Times on the page follow the server's clock; beyond this, certificates and reports suffer. */
const skewAllowed = 30_000
/** How long digital silence is listened to before it is believed; milliseconds. */
const silenceFor = 1500

const seconds = 1000

/** The plan of a check over the parts. A simulated phone has neither signalling nor media, and needs no microphone. */
export function planOf(parts: ProbeParts): PreflightPlan {
  const sound: PreflightPlan = {
    ringtone: { probe: ringtone(parts), limit: 5 * seconds, late: 'sound_blocked' },
    speaker: { probe: speaker(parts), limit: 5 * seconds, late: 'no_output', needs: ['ringtone'] },
    notifications: { probe: notifications(parts), limit: 5 * seconds, late: 'late' },
    clock: { probe: clock(parts), limit: 10 * seconds, late: 'unreachable' },
  }
  if (parts.line.get() === 'simulated') return sound
  return {
    ...sound,
    permission: { probe: permission(parts), limit: 90 * seconds, late: 'unanswered', hard: true },
    microphone: { probe: microphone(parts), limit: 10 * seconds, late: 'busy', hard: true },
    level: { probe: level(parts), limit: 8 * seconds, late: 'late', needs: ['ringtone'] },
    connection: { probe: connection(parts), limit: 12 * seconds, late: 'no_socket', hard: true },
    registration: { probe: registration(parts), limit: 12 * seconds, late: 'not_registered', hard: true },
    media: media(parts),
  }
}

function media({ echo }: ProbeParts): StepPlan {
  return { probe: echo, limit: 10 * seconds, late: 'no_media', needs: ['ringtone'] }
}

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop()
}

/** Whether the browser gives a microphone at all. What is wrong with the device itself is the next step's. */
function permission({ microphone: device, permission: ask }: ProbeParts): Probe {
  return async (signal, hint) => {
    const state = await ask()
    // Where it is denied for good nothing is asked, and nothing need be opened to know.
    if (state === 'denied') return { state: 'failed', problem: 'denied' }
    if (state === 'prompt') hint('unanswered')
    try {
      const stream = await device.open()
      stopTracks(stream)
    } catch (error) {
      const problem = error instanceof MicrophoneError ? error.problem : 'failed'
      if (problem === 'denied' || problem === 'insecure') return { state: 'failed', problem }
    }
    if (!signal.aborted) hint('')
    return { state: 'ok' }
  }
}

const deviceProblems = {
  denied: 'denied',
  insecure: 'insecure',
  missing: 'missing',
  busy: 'busy',
  failed: 'broken',
} as const

function microphone({ microphone: device }: ProbeParts): Probe {
  return async () => {
    try {
      const stream = await device.open()
      const label = stream.getAudioTracks()[0]?.label ?? ''
      stopTracks(stream)
      return { state: 'ok', detail: label }
    } catch (error) {
      return { state: 'failed', problem: deviceProblems[error instanceof MicrophoneError ? error.problem : 'failed'] }
    }
  }
}

/** Any noise will do: who checks a phone need not speak. Digital silence is no quiet room. */
function level({ microphone: device, sound, timers, now }: ProbeParts): Probe {
  return async (signal) => {
    const stream = await device.open({ raw: true })
    const heard = sound.listen(stream)
    try {
      const began = now()
      while (!signal.aborted && now() - began < silenceFor) {
        // oxlint-disable-next-line no-await-in-loop -- one look after the other
        await pause(timers, 50)
        const samples = heard.samples()
        if (!isDigitalSilence(samples))
          return { state: 'ok', detail: `${Math.round(decibels(samples))} dB`.replace('-', '−') }
      }
      const [track] = stream.getAudioTracks()
      // The system, or a switch of the headset, that the browser knows of.
      return { state: 'failed', problem: track?.muted === true ? 'muted' : 'zeros' }
    } finally {
      heard.close()
      stopTracks(stream)
    }
  }
}

function ringtone({ sound, volume }: ProbeParts): Probe {
  return async () => {
    if (!(await sound.allowed())) return { state: 'failed', problem: 'sound_blocked' }
    return volume() === 0 ? { state: 'warn', problem: 'volume_zero' } : { state: 'ok' }
  }
}

function speaker({ sound, outputs }: ProbeParts): Probe {
  return async () => {
    if ((await outputs()) === 0) return { state: 'failed', problem: 'no_output' }
    return (await sound.loopback()) ? { state: 'ok' } : { state: 'failed', problem: 'no_output' }
  }
}

function notifications(parts: ProbeParts): Probe {
  return async () => {
    const allowed = parts.notifications()
    if (allowed === 'granted') return { state: 'ok' }
    return { state: 'warn', problem: `notifications_${allowed}` }
  }
}

/** A connection of its own, to any of the addresses: the phone's may be the one that is broken. */
function connection({ line, connect, now, timers }: ProbeParts): Probe {
  return async (signal) => {
    if (!(await settles(line, (view) => view === 'unserved' || line.urls().length > 0, timers, signal)))
      return { state: 'failed', problem: 'no_session' }
    if (line.urls().length === 0) return { state: 'failed', problem: 'no_session' }
    const began = now()
    try {
      await Promise.any(line.urls().map(async (url) => connect(url, signal)))
      return { state: 'ok', detail: `${Math.max(1, Math.round(now() - began))} ms` }
    } catch {
      return { state: 'failed', problem: 'no_socket' }
    }
  }
}

function registration({ line, timers }: ProbeParts): Probe {
  return async (signal) =>
    (await settles(line, (view) => view === 'ready', timers, signal))
      ? { state: 'ok' }
      : { state: 'failed', problem: 'not_registered' }
}

function clock({ serverTime, now }: ProbeParts): Probe {
  return async () => {
    const asked = now()
    let server: number
    try {
      server = await serverTime()
    } catch {
      return { state: 'warn', problem: 'unreachable' }
    }
    const answered = now()
    const skew = (asked + answered) / 2 - server
    const detail = `${(skew / seconds).toFixed(1)} s`
    return Math.abs(skew) > skewAllowed ? { state: 'warn', problem: 'skew', detail } : { state: 'ok', detail }
  }
}

/** Waits until the line is as wanted; false when nobody waits any longer. */
async function settles(
  line: ProbeParts['line'],
  wanted: (view: LineView) => boolean,
  timers: Timers,
  signal: AbortSignal,
): Promise<boolean> {
  return new Promise((resolve) => {
    let stop: () => void = () => {}
    let cancel: () => void = () => {}
    const end = (result: boolean) => {
      stop()
      cancel()
      resolve(result)
    }
    const look = () => {
      if (wanted(line.get())) end(true)
    }
    signal.addEventListener('abort', () => end(false), { once: true })
    stop = line.watch(look)
    cancel = timers.after(0, look)
  })
}

async function pause(timers: Timers, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    timers.after(milliseconds, resolve)
  })
}
