import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { persistent } from './lazy-page'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('what a changing network has cut off is loaded once more, and no oftener', async () => {
  const load = vi
    .fn<() => Promise<string>>()
    .mockRejectedValueOnce(new Error('network changed'))
    .mockResolvedValue('page')
  const loaded = persistent(load)
  await vi.advanceTimersByTimeAsync(1000)
  expect(await loaded).toBe('page')
  expect(load).toHaveBeenCalledTimes(2)

  const gone = vi.fn<() => Promise<string>>().mockRejectedValue(new Error('away'))
  const failed = persistent(gone).catch((error: unknown) => String(error))
  await vi.advanceTimersByTimeAsync(1000)
  expect(await failed).toBe('Error: away')
  expect(gone).toHaveBeenCalledTimes(2)
})
