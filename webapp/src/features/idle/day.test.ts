import { expect, test } from 'vitest'
import { dayOf } from './day'

const now = new Date(2026, 10, 22, 15, 0).getTime()
const call = (hour: number, talked: number | null, day = 22) => ({
  channel: 'CALL' as const,
  startedAt: new Date(2026, 10, day, hour).toISOString(),
  talked,
})

test('sums up today’s talks only', () => {
  expect(dayOf([call(14, 60), call(13, null), call(9, 120), call(23, 999, 21)], true, now)).toEqual({
    calls: 2,
    talked: 180,
    average: 90,
    atLeast: false,
  })
})

test('says when the list does not reach back to the morning', () => {
  expect(dayOf([call(14, 60)], true, now).atLeast).toBe(true)
  expect(dayOf([call(14, 60)], false, now).atLeast).toBe(false)
})

test('without a talk there is no average', () => {
  expect(dayOf([], false, now)).toEqual({ calls: 0, talked: 0, average: null, atLeast: false })
})
