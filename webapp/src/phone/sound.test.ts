import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decibels, hearsTone, isDigitalSilence } from './sound'

const rate = 48_000
const make = (f: (i: number) => number, length = 1024) => Float32Array.from({ length }, (_, i) => f(i))
const sine = (hertz: number, level: number) => make((i) => level * Math.sin((2 * Math.PI * hertz * i) / rate))
/** Noise that is the same at every run. */
const noise = (level: number) => {
  let seed = 1
  return make(() => {
    seed = (seed * 16807) % 2147483647
    return level * ((2 * seed) / 2147483647 - 1)
  })
}

describe('a microphone', () => {
  test('that is dead is told from a quiet room', () => {
    expect(isDigitalSilence(new Float32Array(1024))).toBe(true)
    expect(isDigitalSilence(noise(2 / 32768))).toBe(false)
  })

  test('is measured in decibels of full scale', () => {
    expect(decibels(sine(1000, 1))).toBeCloseTo(-3, 0)
    expect(decibels(noise(0.001))).toBeLessThan(-60)
    expect(decibels(new Float32Array(0))).toBeLessThan(-1000)
  })
})

describe('a tone', () => {
  test('is heard at any level, also with noise', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.002, max: 1, noNaN: true }), fc.integer({ min: 0, max: 50 }), (level, percent) => {
        const hiss = noise(level)
        const mixed = sine(1150, level).map((sample, i) => sample + ((hiss[i] ?? 0) * percent) / 100)
        expect(hearsTone(mixed, rate, 1150)).toBe(true)
      }),
    )
  })

  test('is not heard in silence, noise, or another tone', () => {
    for (const samples of [new Float32Array(1024), noise(0.3), sine(440, 0.5), sine(1000, 0.5), sine(2300, 0.5)]) {
      expect(hearsTone(samples, rate, 1150)).toBe(false)
    }
  })
})
