// @vitest-environment node
import { expect, test, vi } from 'vitest'
import { isPresent, showPresence } from './presence'

const { locks } = globalThis.navigator

test('a workspace is seen by other tabs as long as it is shown, and only by its operator’s', async () => {
  expect(await isPresent('op-1', locks)).toBe(false)
  const first = showPresence('op-1', locks)
  const second = showPresence('op-1', locks)
  await vi.waitFor(async () => expect(await isPresent('op-1', locks)).toBe(true))
  expect(await isPresent('op-2', locks)).toBe(false)
  first()
  expect(await isPresent('op-1', locks)).toBe(true)
  second()
  await vi.waitFor(async () => expect(await isPresent('op-1', locks)).toBe(false))
})

test('a workspace that is left before the lock was granted is not shown', async () => {
  showPresence('op-3', locks)()
  const later = showPresence('op-4', locks)
  await vi.waitFor(async () => expect(await isPresent('op-4', locks)).toBe(true))
  expect(await isPresent('op-3', locks)).toBe(false)
  later()
})

test('without Web Locks nobody is there', async () => {
  expect(showPresence('op-5', null)).not.toThrow()
  expect(await isPresent('op-5', null)).toBe(false)
})
