import type { Timers } from '@/lib/timers'
import type { SoundParts } from './probes'

// The browser's side of the probes: sound, sockets, and what the browser is.

/** How long a context may take to start where the browser allows it; milliseconds. */
const start = 400

/** A running context, or undefined where the browser does not let the page make sound. */
export async function runningAudio(timers: Timers): Promise<AudioContext | undefined> {
  if (typeof AudioContext !== 'function') return undefined
  const audio = new AudioContext()
  if (audio.state !== 'running') {
    await Promise.race([audio.resume().catch(() => {}), wait(timers, start)])
  }
  if (audio.state === 'running') return audio
  void audio.close().catch(() => {})
  return undefined
}

/** Hertz, and how loud: far below what is heard, far above what an analyser sees. */
const softTone = { pitch: 500, gain: 0.0004 }

async function wait(timers: Timers, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    timers.after(milliseconds, resolve)
  })
}

/** Samples of a stream until it is closed. */
export function listenTo(stream: MediaStream): { samples: () => Float32Array; close: () => void } {
  const audio = new AudioContext()
  const analyser = audio.createAnalyser()
  analyser.fftSize = 1024
  audio.createMediaStreamSource(stream).connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  return {
    samples: () => {
      analyser.getFloatTimeDomainData(samples)
      return samples
    },
    close: () => {
      void audio.close().catch(() => {})
    },
  }
}

/** The browser's sound. */
export const browserSound = (timers: Timers): SoundParts => ({
  async allowed() {
    const audio = await runningAudio(timers)
    void audio?.close().catch(() => {})
    return audio !== undefined
  },

  listen: listenTo,

  async loopback() {
    const audio = await runningAudio(timers)
    if (!audio) return false
    const oscillator = audio.createOscillator()
    const gain = audio.createGain()
    const analyser = audio.createAnalyser()
    oscillator.frequency.value = softTone.pitch
    gain.gain.value = softTone.gain
    oscillator.connect(gain).connect(analyser).connect(audio.destination)
    oscillator.start()
    const samples = new Float32Array(analyser.fftSize)
    try {
      const began = audio.currentTime
      for (let tries = 0; tries < 40; tries++) {
        // oxlint-disable-next-line no-await-in-loop -- one look after the other
        await wait(timers, 25)
        analyser.getFloatTimeDomainData(samples)
        // The context's time is the output's: it stands where nothing takes the sound.
        if (audio.currentTime > began && samples.some((sample) => Math.abs(sample) > softTone.gain / 2)) return true
      }
      return false
    } finally {
      void audio.close().catch(() => {})
    }
  },
})

/** Opens a WebSocket for SIP and closes it again. */
export async function openSocket(url: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, 'sip')
    const close = () => socket.close()
    signal.addEventListener('abort', close, { once: true })
    socket.addEventListener('open', () => {
      signal.removeEventListener('abort', close)
      close()
      resolve()
    })
    socket.addEventListener('error', () => reject(new Error('the WebSocket cannot be opened')))
    socket.addEventListener('close', () => reject(new Error('the WebSocket was closed')))
  })
}

/** Whether the person lets the page show notifications. */
export function notificationState(): NotificationPermission | 'unsupported' {
  return 'Notification' in window ? Notification.permission : 'unsupported'
}
