import { expect, test } from 'vitest'
import type { CallState } from '@/gql/graphql'
import type { MyCall } from '@/feed/model'
import { makeWorld } from '@/testing/world'
import { besideOf } from './beside'

const call = (id: string, state: CallState, more: Partial<MyCall> = {}) =>
  ({ ...makeWorld('talking').calls[0], part: 'operator', id, state, ...more }) as unknown as MyCall
const circumstances = { phone: { line: 'ready', microphone: 'ready', voice: 'live' }, feed: 'live' } as const
const beside = (current: MyCall | undefined, other: MyCall, more = {}) =>
  besideOf(current, [other], { ...circumstances, ...more })[0]

test('the way to another call is to answer it, or to come back to it; whoever is spoken with is put on hold', () => {
  const talk = call('talk', 'TALKING')
  expect(beside(talk, call('b', 'RINGING'))).toMatchObject({ go: 'answer', reason: '', turns: true })
  expect(beside(talk, call('b', 'HELD'))).toMatchObject({ go: 'resume', reason: '', turns: true })
  expect(beside(call('a', 'HELD'), call('b', 'HELD'))).toMatchObject({ go: 'resume', turns: false })
  expect(beside(talk, call('b', 'WRAP_UP'))).toMatchObject({ go: undefined, stage: 'wrapUp' })
})

test('what keeps from another call: a consultation that cannot be put aside, a lost connection, a lost phone', () => {
  const held = call('b', 'HELD')
  for (const state of ['CONSULTING', 'CONFERENCE'] as const)
    expect(beside(call('a', state), held)?.reason).toBe('consultFirst')
  const advised = makeWorld('consulted').calls[0]
  expect(beside({ ...advised, part: 'guest' } as unknown as MyCall, held)?.reason).toBe('consultFirst')
  expect(beside(call('a', 'TALKING'), held, { feed: 'behind' })?.reason).toBe('behind')
  const phone = { ...circumstances.phone, line: 'reconnecting' }
  expect(beside(call('a', 'TALKING'), call('b', 'RINGING'), { phone })?.reason).toBe('noPhone')
})
