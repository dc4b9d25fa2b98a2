/**
 * What sounds: a call rings; a call rings while the operator talks; a call is about to be connected by itself; a call is connected; the
 * phone or a call was lost.
 */
export type Tone = 'ring' | 'second' | 'auto' | 'connected' | 'lost'

/** How a queue may ring; the server knows the same names. The empty one is the usual way. */
export const ringNames = ['', 'bell', 'chime', 'marimba', 'pulse', 'warble'] as const
export type RingName = (typeof ringNames)[number]

export interface Note {
  /** Hertz. */
  readonly pitch: number
  /** Seconds from the start of the tone. */
  readonly at: number
  readonly length: number
}

/** A tone made of notes; no sound file is needed. */
export interface Melody {
  readonly notes: readonly Note[]
  /** Milliseconds after which it repeats. */
  readonly every?: number
  /** 0 to 1. */
  readonly level: number
  /** What a note sounds like: multiples of its pitch and their shares. */
  readonly partials?: readonly (readonly [multiple: number, share: number])[]
  readonly wave?: OscillatorType
}

const note = (pitch: number, at: number, length: number): Note => ({ pitch, at, length })

/** They differ in rhythm as well as in pitch and colour, so that they are told apart through a wall. */
const rings: Record<RingName, Melody> = {
  '': {
    level: 1,
    every: 2600,
    notes: [note(659.3, 0, 0.22), note(880, 0.16, 0.28), note(659.3, 0.5, 0.22), note(880, 0.66, 0.5)],
  },
  bell: {
    level: 1,
    every: 3000,
    partials: [
      [1, 1],
      [2.76, 0.5],
      [5.4, 0.2],
    ],
    notes: [note(587.3, 0, 1.4), note(587.3, 0.9, 1.6)],
  },
  chime: {
    level: 0.9,
    every: 3200,
    notes: [note(1046.5, 0, 0.7), note(784, 0.35, 0.7), note(659.3, 0.7, 0.7), note(523.3, 1.05, 1.1)],
  },
  marimba: {
    level: 1,
    every: 2200,
    partials: [
      [1, 1],
      [4, 0.3],
    ],
    notes: [523.3, 659.3, 784, 659.3, 523.3, 784].map((pitch, i) => note(pitch, i * 0.15, 0.16)),
  },
  pulse: { level: 0.8, every: 1800, wave: 'triangle', notes: [0, 0.2, 0.4].map((at) => note(988, at, 0.12)) },
  warble: {
    level: 0.6,
    every: 2400,
    wave: 'square',
    partials: [[1, 0.5]],
    notes: Array.from({ length: 12 }, (_, i) => note(i % 2 === 0 ? 740 : 932, i * 0.08, 0.09)),
  },
}

const others: Record<Exclude<Tone, 'ring'>, Melody> = {
  second: { level: 0.35, every: 4000, notes: [note(880, 0, 0.18)] },
  // Rising and quick: whoever hears it has half a second to swallow.
  auto: { level: 0.9, wave: 'triangle', notes: [note(523.3, 0, 0.1), note(784, 0.11, 0.1), note(1174.7, 0.22, 0.22)] },
  connected: { level: 0.5, notes: [note(784, 0, 0.12), note(1046.5, 0.1, 0.16)] },
  lost: { level: 0.8, notes: [note(523.3, 0, 0.2), note(392, 0.2, 0.45)] },
}

/** The melody of a tone; a ring that this page does not know is the usual one. */
export function melodyOf(tone: Tone, ring = ''): Melody {
  if (tone !== 'ring') return others[tone]
  return (rings as Partial<Record<string, Melody>>)[ring] ?? rings['']
}

/** How long a melody sounds once; milliseconds. */
export function lengthOf({ notes }: Melody): number {
  return 1000 * Math.max(...notes.map(({ at, length }) => at + length))
}
