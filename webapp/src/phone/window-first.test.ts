import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { plainTimers } from '@/lib/timers'
import type { Ownership } from './types'
import { windowFirst, windowOwnership } from './window-first'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const pass = (milliseconds: number) => vi.advanceTimersByTime(milliseconds)

function make({ opens = true, wanted = true, fresh = false } = {}) {
  let tell: Parameters<Ownership['claim']>[0] = () => {}
  const released = vi.fn()
  const inner = {
    claim: (told: typeof tell) => {
      tell = told
      return released
    },
    take: vi.fn(() => tell('owned')),
  }
  const open = vi.fn(() => opens)
  const ownership = windowFirst({ inner, timers: plainTimers, wanted: () => wanted, open, fresh })
  const told: string[] = []
  const release = ownership.claim((state) => told.push(state))
  return {
    inner,
    ownership,
    open,
    told,
    release,
    released,
    falls: (state: 'owned' | 'waiting' | 'lost') => tell(state),
  }
}

describe('the phone falls to a page', () => {
  test('a window that is only being reloaded takes it back, and nothing is opened', () => {
    const { falls, open, told } = make()
    falls('owned')
    pass(699)
    falls('lost')
    pass(10_000)
    expect(open).not.toHaveBeenCalled()
    expect(told).toEqual(['lost'])
  })

  test('a window is opened, which takes it', () => {
    const { falls, open, told } = make()
    falls('owned')
    pass(700)
    expect(open).toHaveBeenCalledTimes(1)
    pass(1900)
    falls('lost')
    pass(10_000)
    expect(told).toEqual(['lost'])
  })

  test('a window that was opened and never comes leaves it to the page', () => {
    const { falls, told } = make()
    falls('owned')
    pass(700 + 2000)
    expect(told).toEqual(['owned'])
  })

  test('where the browser opens none, the page has it', () => {
    const { falls, told } = make({ opens: false })
    falls('owned')
    pass(700)
    expect(told).toEqual(['owned'])
  })

  test('at sign-in the window is opened at once: later the browser would not let it', () => {
    const { falls, open } = make({ fresh: true })
    falls('owned')
    expect(open).toHaveBeenCalledTimes(1)
    falls('lost')
    falls('owned') // and when that one is closed, it may come back
    expect(open).toHaveBeenCalledTimes(1)
    pass(700)
    expect(open).toHaveBeenCalledTimes(2)
  })

  test('that is to have it by the settings', () => {
    const { falls, open, told } = make({ wanted: false })
    falls('owned')
    expect(told).toEqual(['owned'])
    expect(open).not.toHaveBeenCalled()
  })

  test('that was left meanwhile: nothing is opened', () => {
    const { falls, open, release, released, told } = make()
    falls('owned')
    release()
    pass(10_000)
    expect(released).toHaveBeenCalled()
    expect(open).not.toHaveBeenCalled()
    expect(told).toEqual([])
  })
})

test('who takes it into the page has it there at once; when it is lost again, a window comes first again', () => {
  const { falls, ownership, open, told } = make()
  falls('waiting')
  ownership.take()
  expect(told).toEqual(['waiting', 'owned'])
  falls('lost')
  falls('owned')
  expect(told).toEqual(['waiting', 'owned', 'lost'])
  pass(700)
  expect(open).toHaveBeenCalledTimes(1)
})

test('the window takes it from whichever page has it', () => {
  const inner = { claim: vi.fn(() => () => {}), take: vi.fn() }
  windowOwnership(inner).claim(() => {})
  expect(inner.claim).toHaveBeenCalled()
  expect(inner.take).toHaveBeenCalled()
})
