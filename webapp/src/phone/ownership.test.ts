import { expect, test, vi } from 'vitest'
import { makeOwnership } from './ownership'

// Node has real Web Locks, the same as browsers.
const { locks } = globalThis.navigator

type State = 'owned' | 'waiting' | 'lost'

function tab(name: string) {
  const states: State[] = []
  const ownership = makeOwnership(name, locks)
  return { states, take: () => ownership.take(), release: ownership.claim((state) => states.push(state)) }
}

test('the first tab owns, the second waits and owns when the first closes', async () => {
  const first = tab('phone-1')
  await vi.waitFor(() => expect(first.states).toEqual(['owned']))
  const second = tab('phone-1')
  await vi.waitFor(() => expect(second.states).toEqual(['waiting']))
  first.release()
  await vi.waitFor(() => expect(second.states).toEqual(['waiting', 'owned']))
  second.release()
})

test('a tab takes the phone from another, which gets it back when the taker closes', async () => {
  const first = tab('phone-2')
  await vi.waitFor(() => expect(first.states).toEqual(['owned']))
  const second = tab('phone-2')
  await vi.waitFor(() => expect(second.states).toEqual(['waiting']))
  second.take()
  await vi.waitFor(() => expect(second.states).toEqual(['waiting', 'owned']))
  await vi.waitFor(() => expect(first.states).toEqual(['owned', 'lost']))
  second.release()
  await vi.waitFor(() => expect(first.states).toEqual(['owned', 'lost', 'owned']))
  first.take()
  first.release()
})

test('of tabs that open at once one owns, and each of the others is told to wait', async () => {
  const tabs = Array.from({ length: 5 }, () => tab('phone-6'))
  await vi.waitFor(() => expect(tabs.every(({ states }) => states.length === 1)).toBe(true))
  expect(tabs.filter(({ states }) => states[0] === 'owned')).toHaveLength(1)
  expect(tabs.filter(({ states }) => states[0] === 'waiting')).toHaveLength(4)
  for (const { release } of tabs) release()
})

test('of tabs that take the phone at once the last has it, and the others know', async () => {
  const tabs = Array.from({ length: 4 }, () => tab('phone-7'))
  await vi.waitFor(() => expect(tabs.every(({ states }) => states.length === 1)).toBe(true))
  for (const { take } of tabs.slice(1)) take()
  await vi.waitFor(() => expect(tabs.map(({ states }) => states.at(-1))).toEqual(['lost', 'lost', 'lost', 'owned']))
  for (const { release } of tabs) release()
})

test('a tab that closes while the lock is on its way leaves it to the next', async () => {
  const closed = tab('phone-8')
  closed.release()
  const next = tab('phone-8')
  await vi.waitFor(() => expect(next.states.at(-1)).toBe('owned'))
  next.release()
})

test('two people on one computer do not share a phone', async () => {
  const one = tab('phone-3')
  const other = tab('phone-4')
  await vi.waitFor(() => expect([...one.states, ...other.states]).toEqual(['owned', 'owned']))
  one.release()
  other.release()
})

test('without Web Locks every page owns, and the server decides', async () => {
  const states: State[] = []
  makeOwnership('phone-5', undefined).claim((state) => states.push(state))
  await vi.waitFor(() => expect(states).toEqual(['owned']))
})
