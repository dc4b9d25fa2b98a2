import { expect, test } from 'vitest'
import { loudness } from './meter'

test('silence is 0, a full sine nearly 1, and quieter is less', () => {
  const sine = (level: number) =>
    Float32Array.from({ length: 1024 }, (_, i) => level * Math.sin((2 * Math.PI * i) / 64))
  expect(loudness(new Float32Array(1024))).toBe(0)
  expect(loudness(sine(1))).toBeGreaterThan(0.9)
  expect(loudness(sine(0.1))).toBeLessThan(loudness(sine(0.5)))
  expect(loudness(sine(0.0001))).toBe(0)
})
