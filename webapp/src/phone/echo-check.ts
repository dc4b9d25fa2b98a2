import type { Timers } from '@/lib/timers'
import type { Finding } from './preflight'
import { hearsTone } from './sound'
import { EchoError, type Echo } from './types'

/** The tone, made here so that no microphone is needed; a pitch that neither music nor ringing of a PBX has. Hertz. */
const pitch = 1150
/** The tone has to be back within this time; milliseconds. */
const within = 2000
/** Milliseconds between looks. */
const look = 10

/** A loop of sound: what is sent, and a way to look at what comes back. */
export interface Loop {
  readonly stream: MediaStream
  readonly rate: number
  /** The tone is sent from now on. */
  begin(): void
  /** Takes the stream that comes back; afterwards `samples` gives what was heard last. */
  listen(back: MediaStream): void
  samples(): Float32Array
  close(): void
}

interface EchoParts {
  readonly call: (stream: MediaStream) => Echo
  readonly loop: () => Loop
  timers: Timers
  /** Milliseconds that only grow. */
  readonly now: () => number
}

/** Sends a tone to the PBX's echo and waits for it to come back: signalling, media there and media back are proven at once. */
export async function checkEcho({ call, loop, timers, now }: EchoParts, signal: AbortSignal): Promise<Finding> {
  const sound = loop()
  const echo = call(sound.stream)
  const end = () => {
    echo.end()
    sound.close()
  }
  signal.addEventListener('abort', end)
  try {
    sound.listen(await echo.voice)
    const began = now()
    sound.begin()
    while (!signal.aborted && now() - began < within) {
      // oxlint-disable-next-line no-await-in-loop -- one look after the other
      await new Promise<void>((resolve) => {
        timers.after(look, resolve)
      })
      if (hearsTone(sound.samples(), sound.rate, pitch))
        return { state: 'ok', detail: `${Math.round(now() - began)} ms` }
    }
    return { state: 'failed', problem: 'no_echo' }
  } catch (error) {
    const media = error instanceof EchoError && error.problem === 'media'
    return { state: 'failed', problem: media ? 'no_media' : 'echo_refused' }
  } finally {
    signal.removeEventListener('abort', end)
    end()
  }
}

/** The browser's loop. The context must be running. */
export function browserLoop(audio: AudioContext): Loop {
  const out = audio.createMediaStreamDestination()
  const gain = audio.createGain()
  const oscillator = audio.createOscillator()
  gain.gain.value = 0
  oscillator.frequency.value = pitch
  oscillator.connect(gain).connect(out)
  oscillator.start()
  const analyser = audio.createAnalyser()
  analyser.fftSize = 1024
  const heard = new Float32Array(analyser.fftSize)
  // Chromium hands a remote stream to Web Audio only while an element plays it (crbug.com/121673).
  const element = new Audio()
  element.muted = true
  return {
    stream: out.stream,
    rate: audio.sampleRate,
    begin: () => gain.gain.setValueAtTime(0.5, audio.currentTime),
    listen(back) {
      element.srcObject = back
      element.play().catch(() => {})
      audio.createMediaStreamSource(back).connect(analyser)
    },
    samples() {
      analyser.getFloatTimeDomainData(heard)
      return heard
    },
    close() {
      oscillator.stop()
      element.srcObject = null
      void audio.close().catch(() => {})
    },
  }
}
