// A phone in the machine alone: user agent, microphone and ownership are those of the test.

import { vi } from 'vitest'
import { createActor } from 'xstate'
import { FakeUa } from '@/phone/fake-ua'
import { phoneMachine, type PhoneParts } from '@/phone/machine'
import type { Credentials, Ownership, PhoneCall } from '@/phone/types'
import { phoneView } from '@/phone/view'
import { credentials, fakeStream } from './app'

/** Lets promises and timers of the machine run. */
export const settle = async (milliseconds = 0) => vi.advanceTimersByTimeAsync(milliseconds)

interface Setup {
  session?: (take: boolean) => Promise<Credentials>
  open?: () => Promise<MediaStream>
}

export function makePhone({ session = async () => credentials, open = async () => fakeStream() }: Setup = {}) {
  const ua = new FakeUa()
  const streams: MediaStream[] = []
  let tell: Parameters<Ownership['claim']>[0] = () => {}
  let changed: () => void = () => {}
  const parts = {
    ua,
    microphone: {
      open: vi.fn(async () => {
        const stream = await open()
        streams.push(stream)
        return stream
      }),
      watch: (told: () => void) => {
        changed = told
        return () => {}
      },
    },
    ownership: {
      claim: (told: Parameters<Ownership['claim']>[0]) => {
        tell = told
        told('owned')
        return () => {}
      },
      take: vi.fn(() => tell('owned')),
    },
    startPhone: vi.fn(session),
  } satisfies PhoneParts
  const actor = createActor(phoneMachine, { input: parts })
  actor.start()
  return {
    actor,
    parts,
    ua,
    streams,
    view: () => phoneView(actor.getSnapshot()),
    ownership: (state: 'owned' | 'waiting' | 'lost') => tell(state),
    devicesChanged: () => changed(),
    openStreams: () =>
      streams.filter((stream) => stream.getTracks().some((track) => track.readyState === 'live')).length,
  }
}

export const call = (id: string, more: Partial<PhoneCall> = {}): PhoneCall => ({
  id,
  over: false,
  answerRequested: false,
  muted: false,
  ...more,
})

export async function makeReady(setup?: Setup) {
  const phone = makePhone(setup)
  phone.actor.send({ type: 'START', take: false })
  await settle()
  phone.ua.emit({ type: 'ua.registered' })
  await settle()
  return phone
}

/** A phone in a talk about call c1. */
export async function makeTalking(setup?: Setup) {
  const phone = await makeReady(setup)
  phone.actor.send({ type: 'CALLS', calls: [call('c1')] })
  const session = phone.ua.invite('c1')
  phone.actor.send({ type: 'ANSWER', callId: 'c1' })
  await settle()
  phone.ua.emit({ type: 'ua.accepted', session })
  return { ...phone, session }
}
