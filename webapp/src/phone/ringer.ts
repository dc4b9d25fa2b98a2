import { Observable } from '@/lib/observable'
import { every as repeat, type Timers } from '@/lib/timers'
import { lengthOf, melodyOf, type Tone } from './tones'

/** A note with a little of its octave. */
const plain = [
  [1, 1],
  [2, 0.25],
] as const

/** Plays the tones. Browsers allow sound only after the person has touched the page: until then `blocked` is true. */
export class Ringer {
  /** A tone should sound and the browser does not let it. */
  readonly blocked = new Observable(false)

  readonly #volume: () => number
  readonly #timers: Timers
  readonly #sink: () => string
  #audio: AudioContext | undefined
  #stop: (() => void) | undefined
  /** What repeats: the tone and the ring. */
  #sounding: string | undefined

  /** volume is 0 to 1; sink is the id of the device to sound from, empty for the system's. Both are asked before each tone. */
  constructor(volume: () => number, sink: () => string, timers: Timers) {
    this.#volume = volume
    this.#sink = sink
    this.#timers = timers
  }

  /** Sounds a tone, repeating ones until silence is called; ring names how a queue rings. Returns for how many milliseconds it is heard. */
  play(tone: Tone, ring = ''): number {
    const melody = melodyOf(tone, ring)
    const { every } = melody
    if (every === undefined) return this.#sound(tone, ring) ? lengthOf(melody) : 0
    const sounding = `${tone} ${ring}`
    if (this.#sounding === sounding) return 0
    this.silence()
    this.#sounding = sounding
    const heard = this.#sound(tone, ring)
    this.#stop = repeat(this.#timers, every, () => this.#sound(tone, ring))
    return heard ? lengthOf(melody) : 0
  }

  /** Sounds one ring, to hear how loud it is, or how a queue rings. */
  sample(ring = ''): void {
    this.#sound('ring', ring)
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

  /** Tells whether it is heard. */
  #sound(tone: Tone, ring: string): boolean {
    const audio = this.#context()
    if (!audio) return false
    if (audio.state === 'suspended') {
      this.blocked.set(true)
      void audio.resume().catch(() => {})
      return false
    }
    this.blocked.set(false)
    const { notes, level, wave = 'sine', partials = plain } = melodyOf(tone, ring)
    const loudness = Math.max(0, Math.min(1, this.#volume())) * level * 0.35
    if (loudness === 0) return false
    this.#direct(audio)
    const start = audio.currentTime + 0.02
    for (const { pitch, at, length } of notes) {
      const gain = audio.createGain()
      gain.connect(audio.destination)
      gain.gain.setValueAtTime(0, start + at)
      gain.gain.linearRampToValueAtTime(loudness, start + at + 0.015)
      gain.gain.exponentialRampToValueAtTime(0.0001, start + at + length)
      for (const [multiple, share] of partials) {
        const part = audio.createGain()
        part.gain.value = share
        part.connect(gain)
        const oscillator = audio.createOscillator()
        oscillator.type = wave
        oscillator.frequency.value = pitch * multiple
        oscillator.connect(part)
        oscillator.start(start + at)
        oscillator.stop(start + at + length + 0.05)
      }
    }
    return true
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
