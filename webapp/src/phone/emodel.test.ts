import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { gradeOf, opinion, rating } from './emodel'

interface Vector {
  codec: string
  loss: number
  jitterMs: number
  roundTripMs: number
  r: number
  mos: number
}

const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../telephony/quality/testdata/emodel.json'), 'utf8'),
) as Vector[]

test('the page estimates as the server does', () => {
  expect(vectors.length).toBeGreaterThan(9)
  for (const { r, mos, ...network } of vectors) {
    expect(rating(network)).toBeCloseTo(r, 5)
    expect(opinion(rating(network))).toBeCloseTo(mos, 5)
  }
})

// ITU-T G.107 annex B, table B.1.
test.each([
  [90, 4.34],
  [80, 4.02],
  [70, 3.6],
  [60, 3.1],
  [50, 2.58],
  [0, 1],
  [-40, 1],
  [3, 1],
  [100, 4.5],
  [120, 4.5],
])('a rating of %d is a score of %d', (r, mos) => {
  expect(Math.abs(opinion(r) - mos)).toBeLessThan(0.006)
})

test('words for scores', () => {
  expect([4.4, 4.02, 4.01, 3.1, 3.09, 1].map(gradeOf)).toEqual(['GOOD', 'GOOD', 'FAIR', 'FAIR', 'POOR', 'POOR'])
})
