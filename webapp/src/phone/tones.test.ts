import { expect, test } from 'vitest'
import { lengthOf, melodyOf, ringNames } from './tones'

test('queues ring in ways that are told apart', () => {
  expect(ringNames.length).toBeGreaterThan(4)
  const melodies = ringNames.map((name) => JSON.stringify(melodyOf('ring', name)))
  expect(new Set(melodies).size).toBe(ringNames.length)
  const rhythms = ringNames.map((name) =>
    melodyOf('ring', name)
      .notes.map(({ at }) => at)
      .join(),
  )
  expect(new Set(rhythms).size).toBe(ringNames.length)
})

test('a ring repeats after it has sounded', () => {
  for (const name of ringNames) {
    const melody = melodyOf('ring', name)
    expect(melody.every).toBeGreaterThan(lengthOf(melody))
  }
})

test('a ring of a newer server is the usual one', () => {
  expect(melodyOf('ring', 'gong')).toBe(melodyOf('ring', ''))
})

test('the tone of a call that answers itself is short, and like no ring', () => {
  const auto = melodyOf('auto')
  expect(auto.every).toBeUndefined()
  expect(lengthOf(auto)).toBeLessThanOrEqual(500)
  for (const name of ringNames) expect(melodyOf('ring', name).notes).not.toEqual(auto.notes)
})
