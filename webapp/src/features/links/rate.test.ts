import { expect, test } from 'vitest'
import type { ShareFragment } from '@/gql/pages/graphql'
import { percent, shortDay } from './figures'
import { byQueue, curve, lastWeeks, rateOf, totalOf, within } from './rate'

const share = (calls: number, resolvable: number, bySystem: number, byPerson = 0): ShareFragment => ({
  calls,
  resolvable,
  linked: bySystem + byPerson,
  bySystem,
  byPerson,
})
const weekOf = (begins: string, ...queues: [string, ShareFragment][]) => ({
  begins: `${begins}T00:00:00.000Z`,
  all: queues.reduce(
    (sum, [, s]) => share(sum.calls + s.calls, sum.resolvable + s.resolvable, sum.linked + s.linked),
    share(0, 0, 0),
  ),
  queues: queues.map(([queueId, s]) => ({
    queueId,
    queue: queueId === '' ? null : { id: queueId, name: `Queue ${queueId}` },
    share: s,
  })),
})
const weeks = [
  weekOf('2026-09-28', ['q1', share(10, 10, 4)]),
  weekOf('2026-10-12', ['q1', share(4, 4, 2, 1)], ['q2', share(30, 20, 20)]),
  weekOf('2026-10-19', ['', share(2, 0, 0)]),
]

test('a share of nothing is not known', () => {
  expect(rateOf(share(5, 4, 2, 1))).toBe(0.75)
  expect(rateOf(share(5, 0, 0))).toBeUndefined()
})

test('weeks stand in a row, also those without a call', () => {
  expect(lastWeeks(weeks, 8).map((at) => at.slice(0, 10))).toEqual([
    '2026-09-28',
    '2026-10-05',
    '2026-10-12',
    '2026-10-19',
  ])
  expect(lastWeeks(weeks, 2).map((at) => at.slice(0, 10))).toEqual(['2026-10-12', '2026-10-19'])
  expect(lastWeeks([], 8)).toEqual([])
})

test('queues sum up over all weeks and show the last ones', () => {
  const rows = byQueue(weeks, lastWeeks(weeks, 2))
  expect(rows.map(({ queueId, name, total }) => [queueId, name, total.calls, total.linked])).toEqual([
    ['q2', 'Queue q2', 30, 20],
    ['q1', 'Queue q1', 14, 7],
    ['', undefined, 2, 0],
  ])
  expect(rows[1]?.weeks.map((s) => s?.calls)).toEqual([4, undefined])
})

test('a period is counted back from the last week with calls', () => {
  expect(within(weeks, 2)).toHaveLength(2)
  expect(within(weeks, undefined)).toHaveLength(3)
  expect(within([], 12)).toEqual([])
  expect(totalOf(weeks)).toMatchObject({ calls: 46, resolvable: 34, linked: 27 })
})

test('the curve leaves out weeks in which nothing could be resolved', () => {
  expect(curve(weeks, 300, 100)).toEqual([
    { x: 0, y: 60, rate: 0.4 },
    { x: 200, y: expect.closeTo(4.1667, 3) as number, rate: expect.closeTo(0.9583, 3) as number },
  ])
  expect(curve([], 300, 100)).toEqual([])
})

test('nearly everything is not everything', () => {
  expect([0, 0.784, 0.9951, 0.9999, 1].map((share) => percent(share, 'en'))).toEqual([
    '0%',
    '78%',
    '99.5%',
    '99.9%',
    '100%',
  ])
  expect(percent(0.784, 'ru')).toBe('78\u00a0%')
  expect(shortDay('2026-11-02T00:00:00.000Z', 'en')).toBe('2 Nov')
})
