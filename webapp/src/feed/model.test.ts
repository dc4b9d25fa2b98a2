import { expect, test } from 'vitest'
import type { CallDirection, CallState } from '@/gql/graphql'
import { makeWorld } from '@/testing/world'
import {
  arrange,
  customerParty,
  isEngaged,
  isMuted,
  partIn,
  roomFor,
  signOfPresence,
  signOfStage,
  stageOf,
  type MyCall,
  type Stage,
} from './model'

const call = (id: string, state: CallState, direction: CallDirection = 'INBOUND') =>
  ({ ...makeWorld('talking').calls[0], part: 'operator', id, state, direction }) as unknown as MyCall

test.each<[CallState, CallDirection, Stage]>([
  ['NEW', 'OUTBOUND', 'dialling'],
  ['OFFERED', 'OUTBOUND', 'dialling'],
  ['RINGING', 'OUTBOUND', 'dialling'],
  ['NEW', 'INBOUND', 'waiting'],
  ['QUEUED', 'INBOUND', 'waiting'],
  ['OFFERED', 'INBOUND', 'offer'],
  ['RINGING', 'INBOUND', 'offer'],
  ['TALKING', 'INBOUND', 'talking'],
  ['CONSULTING', 'INBOUND', 'consulting'],
  ['CONFERENCE', 'OUTBOUND', 'conference'],
  ['HELD', 'OUTBOUND', 'held'],
  ['RESCUING', 'INBOUND', 'rescuing'],
  ['WRAP_UP', 'INBOUND', 'wrapUp'],
  ['ENDED', 'INBOUND', 'over'],
])('%s %s is %s', (state, direction, stage) => {
  expect(stageOf({ state, direction, answeredAt: null, part: 'operator', consult: null })).toBe(stage)
})

test('a call that was dialled once, and is brought by a colleague, a queue or from parking, can be answered', () => {
  const away = { direction: 'OUTBOUND', answeredAt: '2026-11-26T09:00:00Z', part: 'operator', consult: null } as const
  expect(stageOf({ ...away, state: 'OFFERED' })).toBe('offer')
  expect(stageOf({ ...away, state: 'RINGING' })).toBe('offer')
})

test('a call in which I am consulted', () => {
  const [ringing, answered] = [makeWorld('asked').calls[0], makeWorld('consulted').calls[0]] as unknown as MyCall[]
  const part = partIn(ringing as MyCall, 'op1')
  expect(part).toBe('guest')
  expect(partIn(ringing as MyCall, 'op2')).toBe('operator')
  expect(stageOf({ ...(ringing as MyCall), part })).toBe('offer')
  expect(stageOf({ ...(answered as MyCall), part })).toBe('consulted')
  expect(stageOf({ ...(answered as MyCall), part, state: 'CONFERENCE' })).toBe('consulted')
  expect(stageOf({ ...(answered as MyCall), part, consult: null, state: 'WRAP_UP' })).toBe('wrapUp')
})

test('of a call in which I am consulted my own leg says whether I am muted', () => {
  const call = makeWorld('consulted').calls[0] as unknown as MyCall
  const legs = call.legs.map((leg) => ({ ...leg, muted: leg.role === 'GUEST' }))
  expect(isMuted({ part: 'guest', muted: false, legs })).toBe(true)
  expect(isMuted({ part: 'operator', muted: false, legs })).toBe(false)
})

test('what comes second never replaces what is on the screen', () => {
  const talk = call('talk', 'TALKING')
  const offer = call('offer', 'RINGING')
  const notes = call('notes', 'WRAP_UP')
  const ids = (calls: MyCall[]) => {
    const { current, others } = arrange(calls)
    return [current?.id, ...others.map(({ id }) => id)]
  }
  expect(ids([offer, talk])).toEqual(['talk', 'offer'])
  expect(ids([offer, notes])).toEqual(['notes', 'offer'])
  expect(ids([notes, talk])).toEqual(['talk', 'notes'])
  expect(ids([call('first', 'RINGING'), offer])).toEqual(['first', 'offer'])
  expect(ids([call('ended', 'ENDED'), call('queued', 'QUEUED')])).toEqual([undefined])
})

test('of two calls the screen is about the one that is spoken in, and stays there when it is put on hold', () => {
  const at = (id: string, state: CallState, since: string) => ({
    ...call(id, state),
    since: `2026-01-01T10:${since}:00Z`,
  })
  const front = (...calls: MyCall[]) => arrange(calls).current?.id
  expect(front(at('first', 'TALKING', '00'), at('second', 'RINGING', '05'))).toBe('first')
  // Turned to: the second is told before the first is on hold.
  expect(front(at('first', 'TALKING', '00'), at('second', 'TALKING', '06'))).toBe('second')
  expect(front(at('first', 'HELD', '06'), at('second', 'TALKING', '06'))).toBe('second')
  expect(front(at('first', 'HELD', '06'), at('second', 'HELD', '07'))).toBe('second')
  expect(front(at('first', 'TALKING', '08'), at('second', 'HELD', '08'))).toBe('first')
  // A customer on hold comes before the notes about another.
  expect(front(at('first', 'HELD', '06'), at('second', 'WRAP_UP', '09'))).toBe('first')
})

test.each<[CallState, ReturnType<typeof roomFor>]>([
  ['TALKING', ''],
  ['HELD', ''],
  ['WRAP_UP', ''],
  ['ENDED', ''],
  ['RINGING', 'inCall'],
  ['CONSULTING', 'inCall'],
  ['CONFERENCE', 'inCall'],
  ['RESCUING', 'inCall'],
])('beside a call that is %s, another can be dialled, taken or picked up: %j', (state, reason) => {
  expect(roomFor([call('first', state)])).toBe(reason)
  expect(roomFor([call('first', 'HELD'), call('second', state)])).toBe(state === 'ENDED' ? '' : 'twoCalls')
})

test('whoever is being consulted has no room for a call', () => {
  expect(roomFor([{ ...(makeWorld('consulted').calls[0] as unknown as MyCall), part: 'guest' }])).toBe('inCall')
})

test('the customer is the far end, whoever called', () => {
  const { from, to } = call('a', 'TALKING')
  expect(customerParty({ direction: 'INBOUND', from, to })).toBe(from)
  expect(customerParty({ direction: 'OUTBOUND', from, to })).toBe(to)
})

test('signs', () => {
  expect(signOfPresence('WRAP_UP')).toBe('wrapUp')
  expect(signOfStage('rescuing')).toBe('trouble')
  expect(
    (['dialling', 'talking', 'held', 'consulting', 'conference', 'consulted', 'rescuing'] as const).every(isEngaged),
  ).toBe(true)
  expect((['offer', 'wrapUp', 'waiting', 'over'] as const).some(isEngaged)).toBe(false)
})
