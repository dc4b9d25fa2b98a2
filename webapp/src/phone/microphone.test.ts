import { afterEach, expect, test, vi } from 'vitest'
import { fakeStream } from '@/testing/app'
import { makeMicrophone } from './microphone'
import { MicrophoneError } from './types'

const voice = { echoCancellation: true, noiseSuppression: true, autoGainControl: true }

afterEach(() => vi.unstubAllGlobals())

/** A browser that answers as told, one call after the other. */
function browser(...answers: (MediaStream | string)[]) {
  const asked: unknown[] = []
  vi.stubGlobal('navigator', {
    mediaDevices: {
      getUserMedia: async (constraints: unknown) => {
        asked.push(constraints)
        const answer = answers.shift()
        if (typeof answer === 'object') return answer
        throw Object.assign(new Error('no'), { name: answer })
      },
    },
  })
  return asked
}

test('the chosen device is asked for by its exact id: one that is ideal may be passed over', async () => {
  const stream = fakeStream()
  const asked = browser(stream)
  expect(await makeMicrophone(() => 'm2').open()).toBe(stream)
  expect(asked).toEqual([{ audio: { ...voice, deviceId: { exact: 'm2' } }, video: false }])
})

test('one that has gone at this moment gives way to the default', async () => {
  const stream = fakeStream()
  const asked = browser('OverconstrainedError', stream)
  expect(await makeMicrophone(() => 'gone').open()).toBe(stream)
  expect(asked.at(-1)).toEqual({ audio: voice, video: false })
})

test.each([
  ['NotAllowedError', 'denied'],
  ['NotReadableError', 'busy'],
  ['TypeError', 'failed'],
])('%s is told as %s, and nothing else is tried', async (name, problem) => {
  const asked = browser(name, fakeStream())
  const opening = makeMicrophone(() => 'm2').open()
  await expect(opening).rejects.toBeInstanceOf(MicrophoneError)
  await expect(opening).rejects.toMatchObject({ problem })
  expect(asked).toHaveLength(1)
})

test('no device at all is missing', async () => {
  browser('NotFoundError', 'NotFoundError')
  await expect(makeMicrophone(() => 'm2').open()).rejects.toMatchObject({ problem: 'missing' })
})
