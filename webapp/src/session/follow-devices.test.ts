import { afterEach, expect, test } from 'vitest'
import { createActor } from 'xstate'
import { Devices, systemDefault, type ListedDevice } from '@/phone/devices'
import { FakeUa } from '@/phone/fake-ua'
import { phoneMachine } from '@/phone/machine'
import { MicrophoneError } from '@/phone/types'
import { isSpeaking } from '@/phone/view'
import { credentials, fakeStream } from '@/testing/app'
import { devicePreferences, setDevicePreferences } from './device-preferences'
import { followDevices } from './follow-devices'

const laptop: ListedDevice = { kind: 'audioinput', deviceId: 'm1', label: 'Laptop', groupId: 'g1' }
const headset: ListedDevice = { kind: 'audioinput', deviceId: 'm2', label: 'Jabra', groupId: 'g2' }
const settle = async () => new Promise((resolve) => setTimeout(resolve))

afterEach(() => setDevicePreferences({ microphone: systemDefault }))

async function makeTalk() {
  const now = { list: [laptop, headset], works: true }
  let changed: () => void = () => {}
  const devices = new Devices(
    {
      chooses: { speaker: true, ringer: true },
      list: async () => now.list,
      permission: async () => 'granted',
      watch: (told) => {
        changed = told
        return () => {}
      },
    },
    devicePreferences.get,
  )
  const opened: { device: string; stream: MediaStream }[] = []
  const microphone = {
    open: async () => {
      if (!now.works) throw new MicrophoneError('missing')
      const stream = fakeStream()
      opened.push({ device: devices.state.get().used.microphone, stream })
      return stream
    },
    watch: () => () => {},
  }
  const ua = new FakeUa()
  const phone = createActor(phoneMachine, {
    input: {
      ua,
      microphone,
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
  const stop = followDevices({ devices, phone, microphone })
  phone.send({ type: 'START', take: false })
  await settle()
  ua.emit({ type: 'ua.registered' })
  await settle()
  const session = ua.invite('c1')
  phone.send({ type: 'ANSWER', callId: 'c1' })
  await settle()
  ua.emit({ type: 'ua.accepted', session })
  opened.length = 0
  const replaced = () => ua.done.filter((what) => what.startsWith('replace')).length
  const plug = async (list: ListedDevice[]) => {
    now.list = list
    changed()
    await settle()
  }
  return { devices, phone, ua, session, opened, replaced, plug, now, stop }
}

test('the microphone that is chosen during a call is spoken by', async () => {
  const { opened, replaced } = await makeTalk()
  setDevicePreferences({ microphone: { id: 'm2', label: 'Jabra' } })
  await settle()
  expect(opened.map(({ device }) => device)).toEqual(['m2'])
  expect(replaced()).toBe(1)
  setDevicePreferences({ volume: 0.5 }) // of no interest to the call
  await settle()
  expect(replaced()).toBe(1)
})

test('pulled out during a call, the chosen one gives way to the default', async () => {
  const { opened, plug, devices } = await makeTalk()
  setDevicePreferences({ microphone: { id: 'm2', label: 'Jabra' } })
  await settle()
  await plug([laptop])
  expect(opened.map(({ device }) => device)).toEqual(['m2', ''])
  expect(devices.news.get()).toEqual({ kind: 'lost', label: 'Jabra', roles: ['microphone'] })
})

test('the default pulled out during a call is replaced too, and that is told', async () => {
  const { phone, plug, replaced, devices } = await makeTalk()
  for (const track of phone.getSnapshot().context.microphoneStream?.getTracks() ?? []) track.stop()
  await plug([headset])
  expect(replaced()).toBe(1)
  expect(devices.news.get()).toMatchObject({ kind: 'lost', roles: ['microphone'] })
})

test('without a call nothing is opened', async () => {
  const { ua, session, opened, phone } = await makeTalk()
  ua.emit({ type: 'ua.ended', session, cause: 'Terminated', byUs: false })
  expect(phone.getSnapshot().context.sessions.size).toBe(0)
  setDevicePreferences({ microphone: { id: 'm2', label: 'Jabra' } })
  await settle()
  expect(opened).toEqual([])
})

test('no microphone left: the phone says so, and the call goes on', async () => {
  const { phone, now, plug } = await makeTalk()
  now.works = false
  for (const track of phone.getSnapshot().context.microphoneStream?.getTracks() ?? []) track.stop()
  await plug([])
  expect(phone.getSnapshot().context.microphoneProblem).toBe('missing')
  expect(isSpeaking(phone.getSnapshot())).toBe(true)
})
