import { expect, test } from 'vitest'
import { arrange, stageOf, type MyCall } from './model'

const call = (id: string, state: MyCall['state'], more: Partial<MyCall> = {}) =>
  ({ id, state, direction: 'INBOUND', part: 'operator', consult: null, ...more }) as MyCall

test('a call that was dialled once, and is brought by a colleague, can be answered', () => {
  const answeredAt = '2026-11-26T09:00:00Z'
  expect(stageOf(call('a', 'OFFERED', { direction: 'OUTBOUND', answeredAt }))).toBe('offer')
  expect(stageOf(call('a', 'RINGING', { direction: 'OUTBOUND', answeredAt }))).toBe('offer')
})

test('the screen is about the customer who is spoken with, not about the one on hold', () => {
  expect(arrange([call('held', 'HELD'), call('led', 'TALKING')]).current?.id).toBe('led')
})
