import { expect, test, vi } from 'vitest'
import { credentials } from '@/testing/app'
import { FakeUa } from './fake-ua'
import { lazyUa } from './lazy-ua'
import type { SipUa, UaEvent } from './types'

const settle = async () => new Promise((resolve) => setTimeout(resolve))

function make() {
  const inner = new FakeUa()
  const answers: ((loaded: SipUa | Error) => void)[] = []
  const load = vi.fn(
    async () =>
      new Promise<SipUa>((resolve, reject) => {
        answers.push((loaded) => (loaded instanceof Error ? reject(loaded) : resolve(loaded)))
      }),
  )
  const ua = lazyUa(load)
  const events: UaEvent[] = []
  ua.listen((event) => events.push(event))
  const answer = async (loaded: SipUa | Error) => {
    answers.shift()?.(loaded)
    await settle()
  }
  return { inner, ua, load, events, answer }
}

test('is loaded once, begins when it is there, and then passes everything on', async () => {
  const { inner, ua, load, events, answer } = make()
  ua.load()
  ua.start(credentials)
  expect(inner.done).toEqual([])
  await answer(inner)
  expect(load).toHaveBeenCalledTimes(1)
  expect(inner.credentials).toBe(credentials)
  inner.emit({ type: 'ua.registered' })
  expect(events).toEqual([{ type: 'ua.registered' }])
  ua.terminate('s1')
  ua.stop()
  expect(inner.done).toEqual(['start', 'terminate s1', 'stop'])
})

test('does not begin when the phone was given up meanwhile', async () => {
  const { inner, ua, answer } = make()
  ua.start(credentials)
  ua.rest()
  await answer(inner)
  expect(inner.done).toEqual([])
})

test('that cannot be loaded is a connection that fails, and is tried again', async () => {
  const { inner, ua, load, events, answer } = make()
  ua.start(credentials)
  await answer(new Error('a release has replaced it'))
  expect(events).toEqual([{ type: 'ua.disconnected' }])
  ua.connect()
  await answer(inner)
  expect(load).toHaveBeenCalledTimes(2)
  expect(inner.done).toEqual(['start'])
})
