import { Observable } from '@/lib/observable'
import { every as repeat, type Timers } from '@/lib/timers'

/** What sounds: a call rings; a call rings while the operator talks; a call is connected by itself; the phone or a call was lost. */
export type Tone = 'ring' | 'second' | 'connected' | 'lost'

interface Note {
  /** Hertz. */
  readonly pitch: number
  /** Seconds from the start of the tone. */
  readonly at: number
  readonly length: number
}

/** The tones, made of notes; no sound file is needed. `every` repeats, in milliseconds. */
const tones: Record<Tone, { notes: readonly Note[]; every?: number; level: number }> = {
  ring: {
    level: 1,
    every: 2600,
    notes: [
      { pitch: 659.3, at: 0, length: 0.22 },
      { pitch: 880, at: 0.16, length: 0.28 },
      { pitch: 659.3, at: 0.5, length: 0.22 },
      { pitch: 880, at: 0.66, length: 0.5 },
    ],
  },
  second: { level: 0.35, every: 4000, notes: [{ pitch: 880, at: 0, length: 0.18 }] },
  connected: {
    level: 0.5,
    notes: [
      { pitch: 784, at: 0, length: 0.12 },
      { pitch: 1046.5, at: 0.1, length: 0.16 },
    ],
  },
  lost: {
    level: 0.8,
    notes: [
      { pitch: 523.3, at: 0, length: 0.2 },
      { pitch: 392, at: 0.2, length: 0.45 },
    ],
  },
}

/** Plays the tones. Browsers allow sound only after the person has touched the page: until then `blocked` is true. */
export class Ringer {
  /** A tone should sound and the browser does not let it. */
  readonly blocked = new Observable(false)

  readonly #volume: () => number
  readonly #timers: Timers
  readonly #sink: () => string
  #audio: AudioContext | undefined
  #stop: (() => void) | undefined
  #sounding: Tone | undefined

  /** volume is 0 to 1; sink is the id of the device to sound from, empty for the system's. Both are asked before each tone. */
  constructor(volume: () => number, sink: () => string, timers: Timers) {
    this.#volume = volume
    this.#sink = sink
    this.#timers = timers
  }

  /** Sounds a tone, repeating ones until silence is called. */
  play(tone: Tone): void {
    const { every } = tones[tone]
    if (every === undefined) {
      this.#sound(tone)
      return
    }
    if (this.#sounding === tone) return
    this.silence()
    this.#sounding = tone
    this.#sound(tone)
    this.#stop = repeat(this.#timers, every, () => this.#sound(tone))
  }

  /** Sounds one ring, to hear how loud it is. */
  sample(): void {
    this.#sound('ring')
  }

  /** Ends what repeats. */
  silence(): void {
    this.#stop?.()
    this.#stop = undefined
    this.#sounding = undefined
    this.blocked.set(false)
  }

  /** To be called upon a click or a key: only then browsers let a page make sound. */
  unlock(): void {
    const audio = this.#context()
    if (audio?.state !== 'suspended') return
    void audio
      .resume()
      .then(() => this.blocked.set(false))
      .catch(() => {
        // Still not allowed; the next touch tries again.
      })
  }

  #sound(tone: Tone): void {
    const audio = this.#context()
    if (!audio) return
    if (audio.state === 'suspended') {
      this.blocked.set(true)
      void audio.resume().catch(() => {})
      return
    }
    this.blocked.set(false)
    const { notes, level } = tones[tone]
    const loudness = Math.max(0, Math.min(1, this.#volume())) * level * 0.35
    if (loudness === 0) return
    this.#direct(audio)
    const start = audio.currentTime + 0.02
    for (const { pitch, at, length } of notes) {
      const gain = audio.createGain()
      gain.connect(audio.destination)
      gain.gain.setValueAtTime(0, start + at)
      gain.gain.linearRampToValueAtTime(loudness, start + at + 0.015)
      gain.gain.exponentialRampToValueAtTime(0.0001, start + at + length)
      for (const [harmonic, share] of [
        [1, 1],
        [2, 0.25],
      ] as const) {
        const part = audio.createGain()
        part.gain.value = share
        part.connect(gain)
        const oscillator = audio.createOscillator()
        oscillator.type = 'sine'
        oscillator.frequency.value = pitch * harmonic
        oscillator.connect(part)
        oscillator.start(start + at)
        oscillator.stop(start + at + length + 0.05)
      }
    }
  }

  /** Sounds from the chosen device. One that is gone, or a browser that cannot, leaves the system's: a call must be heard. */
  #direct(audio: AudioContext): void {
    const sink = this.#sink()
    const { sinkId, setSinkId } = audio as AudioContext & {
      sinkId?: unknown
      setSinkId?: (id: string) => Promise<void>
    }
    if (!setSinkId || sink === sinkId) return
    setSinkId.call(audio, sink).catch(() => {})
  }

  #context(): AudioContext | undefined {
    if (!this.#audio && typeof AudioContext === 'function') this.#audio = new AudioContext()
    return this.#audio
  }
}
