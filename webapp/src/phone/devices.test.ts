import { describe, expect, test } from 'vitest'
import {
  Devices,
  resolve,
  systemDefault,
  type DeviceChoices,
  type DevicePermission,
  type ListedDevice,
} from './devices'

const device = (kind: MediaDeviceKind, deviceId: string, label: string, groupId = ''): ListedDevice => ({
  kind,
  deviceId,
  label,
  groupId,
})
const laptop = [
  device('audioinput', 'default', 'Default - Laptop'),
  device('audioinput', 'm1', 'Laptop', 'g1'),
  device('audiooutput', 'default', 'Default - Laptop'),
  device('audiooutput', 'o1', 'Laptop', 'g1'),
  device('videoinput', 'v1', 'Camera'),
]
const headset = [device('audioinput', 'm2', 'Jabra Evolve2', 'g2'), device('audiooutput', 'o2', 'Jabra Evolve2', 'g2')]
const onDefault: DeviceChoices = { microphone: systemDefault, speaker: systemDefault, ringer: systemDefault }
const jabra = (id: string) => ({ id, label: 'Jabra Evolve2' })
const settle = async () => new Promise((resolve) => setTimeout(resolve))

async function make(list: readonly ListedDevice[], choices: DeviceChoices = onDefault) {
  let changed: () => void = () => {}
  const now = { list, choices, permission: 'granted' as DevicePermission, watched: 0 }
  const devices = new Devices(
    {
      chooses: { speaker: true, ringer: true },
      list: async () => now.list,
      permission: async () => now.permission,
      watch: (told) => {
        changed = told
        now.watched++
        return () => now.watched--
      },
    },
    () => now.choices,
  )
  const stop = devices.start()
  await settle()
  const plug = async (next: readonly ListedDevice[]) => {
    now.list = next
    changed()
    await settle()
  }
  return { devices, now, plug, stop }
}

test('lists what can be chosen: no aliases, no cameras, nothing without a name', async () => {
  const { devices } = await make([...laptop, device('audioinput', '', '')])
  expect(devices.state.get()).toEqual({
    permission: 'granted',
    microphones: [{ id: 'm1', label: 'Laptop' }],
    outputs: [{ id: 'o1', label: 'Laptop' }],
    used: { microphone: '', speaker: '', ringer: '' },
  })
})

test('a choice is found by its id, else by its label, else it is the default', () => {
  const list = [jabra('new'), { id: 'x', label: 'Laptop' }]
  expect(resolve({ id: 'x', label: 'renamed' }, list)?.id).toBe('x')
  expect(resolve(jabra('forgotten'), list)?.id).toBe('new')
  expect(resolve({ id: 'gone', label: '' }, list)).toBeUndefined()
  expect(resolve(systemDefault, list)).toBeUndefined()
})

describe('plugged in', () => {
  test('a headset is offered, microphone and speaker together; the ringer stays where it is', async () => {
    const { devices, plug } = await make(laptop)
    expect(devices.news.get()).toBeUndefined()
    await plug([...laptop, ...headset])
    expect(devices.news.get()).toEqual({
      kind: 'appeared',
      label: 'Jabra Evolve2',
      choices: { microphone: jabra('m2'), speaker: jabra('o2') },
    })
    devices.seen()
    await plug([...laptop, ...headset]) // nothing new
    expect(devices.news.get()).toBeUndefined()
  })

  test('in two steps, it is offered whole', async () => {
    const { devices, plug } = await make(laptop)
    await plug([...laptop, ...headset.slice(0, 1)])
    await plug([...laptop, ...headset])
    expect(devices.news.get()).toMatchObject({ choices: { microphone: jabra('m2'), speaker: jabra('o2') } })
  })

  test('and out again, it is offered no more', async () => {
    const { devices, plug } = await make(laptop)
    await plug([...laptop, ...headset])
    await plug(laptop)
    expect(devices.news.get()).toBeUndefined()
  })

  test('the names that a permission brings are no new devices', async () => {
    const nameless = [device('audioinput', '', ''), device('audiooutput', '', '')]
    const { devices, plug } = await make(nameless)
    expect(devices.state.get().microphones).toEqual([])
    await plug([...laptop, ...headset])
    expect(devices.state.get().microphones).toHaveLength(2)
    expect(devices.news.get()).toBeUndefined()
  })
})

describe('pulled out', () => {
  const chosen: DeviceChoices = { microphone: jabra('m2'), speaker: jabra('o2'), ringer: systemDefault }

  test('the device in use gives way to the default, and that is told', async () => {
    const { devices, plug } = await make([...laptop, ...headset], chosen)
    expect(devices.state.get().used).toEqual({ microphone: 'm2', speaker: 'o2', ringer: '' })
    await plug(laptop)
    expect(devices.state.get().used).toEqual({ microphone: '', speaker: '', ringer: '' })
    expect(devices.news.get()).toEqual({ kind: 'lost', label: 'Jabra Evolve2', roles: ['microphone', 'speaker'] })
  })

  test('and back in, under another id too, it is used again without a question', async () => {
    const { devices, plug } = await make([...laptop, ...headset], chosen)
    await plug(laptop)
    devices.seen()
    await plug([...laptop, ...headset.map((each) => ({ ...each, deviceId: `${each.deviceId}-again` }))])
    expect(devices.state.get().used).toMatchObject({ microphone: 'm2-again', speaker: 'o2-again' })
    expect(devices.news.get()).toBeUndefined()
  })

  test('a device that nobody uses is not missed', async () => {
    const { devices, plug } = await make([...laptop, ...headset])
    await plug(laptop)
    expect(devices.news.get()).toBeUndefined()
  })
})

test('another choice takes effect at the next reading', async () => {
  const { devices, now } = await make([...laptop, ...headset])
  now.choices = { ...onDefault, ringer: jabra('o2') }
  await devices.refresh()
  expect(devices.state.get().used.ringer).toBe('o2')
  expect(devices.news.get()).toBeUndefined()
})

test('after the end nothing is watched, and a late answer changes nothing', async () => {
  const { devices, now, stop } = await make(laptop)
  const before = devices.state.get()
  now.list = [...laptop, ...headset]
  const late = devices.refresh()
  stop()
  await late
  expect(devices.state.get()).toBe(before)
  expect(now.watched).toBe(0)
})
