import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createActor } from 'xstate'
import { plainTimers } from '@/lib/timers'
import { FakeUa } from '@/phone/fake-ua'
import { phoneMachine } from '@/phone/machine'
import { credentials, fakeStream } from '@/testing/app'
import { beat } from './beat'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const settle = async (milliseconds = 0) => vi.advanceTimersByTimeAsync(milliseconds)

async function makeBeating() {
  const ua = new FakeUa()
  const phone = createActor(phoneMachine, {
    input: {
      ua,
      microphone: { open: async () => fakeStream(), watch: () => () => {} },
      ownership: {
        claim: (told) => {
          told('owned')
          return () => {}
        },
        take: () => {},
      },
      startPhone: async () => credentials,
    },
  }).start()
  const answers: ((done: boolean) => void)[] = []
  const ask = vi.fn(async () => new Promise<boolean>((resolve) => answers.push(resolve)))
  const stop = beat({ phone, source: { ask }, timers: plainTimers })
  phone.send({ type: 'START', take: false })
  await settle()
  ua.emit({ type: 'ua.registered' })
  await settle()
  const talk = async (callId: string) => {
    const session = ua.invite(callId, true)
    await settle()
    ua.emit({ type: 'ua.accepted', session })
    return session
  }
  const answer = async (done: boolean) => {
    answers.shift()?.(done)
    await settle()
  }
  return { ua, phone, ask, answer, talk, stop }
}

test('beats at once and every 0.7 s while there is a voice, and not before or after', async () => {
  const { ua, ask, answer, talk } = await makeBeating()
  await settle(5000)
  expect(ask).not.toHaveBeenCalled()
  const session = await talk('c1')
  expect(ask).toHaveBeenCalledTimes(1)
  await answer(true)
  await settle(699)
  expect(ask).toHaveBeenCalledTimes(1)
  await settle(1)
  expect(ask).toHaveBeenCalledTimes(2)
  await answer(true)
  ua.emit({ type: 'ua.ended', session, cause: 'Terminated', byUs: false })
  await settle(5000)
  expect(ask).toHaveBeenCalledTimes(2)
})

test('beats that are not answered do not queue up, and go on when the answer is in, good or bad', async () => {
  const { ask, answer, talk } = await makeBeating()
  await talk('c1')
  await settle(10_000)
  expect(ask).toHaveBeenCalledTimes(1)
  await answer(false)
  await settle(700)
  expect(ask).toHaveBeenCalledTimes(2)
})

test('a page that is left beats no more', async () => {
  const { ask, talk, stop } = await makeBeating()
  await talk('c1')
  stop()
  await settle(10_000)
  expect(ask).toHaveBeenCalledTimes(1)
})
