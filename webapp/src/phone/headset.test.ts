import { describe, expect, test } from 'vitest'
import { bytes, collectionsOf, FakeDevice } from '@/testing/hid'
import { Headset, readReport, usages, writeReports, type Collection } from './headset'

// Report descriptors of real headsets, as published: Jabra BIZ 2400 II (0b0e:2453; telephony and consumer control, from the tests of
// GOnnect) and Plantronics Blackwire 3220 (047f:c056; telephony, from the tests of hidapi).
const jabra = collectionsOf(
  bytes(
    '050b0905a1018502050b15002501092009977501950281' +
      '22092f09210924097009507501950581060906a10219b029bb1500250c750495018140c00907150025' +
      '0105097501950181027501950481010508150025010917090909180920092175' +
      '0195059122050b15002501099e7501950191227501950a9101c0' +
      '050c0901a1018501050c1500250109ea09e909e27501950381027501950d8101c0',
  ),
)
const poly = collectionsOf(
  bytes(
    '050b0905a101850815002501092f7501950181060920092175019502812295058101050885090909950191229507910185170917950191' +
      '2295079101851809189501912295079101851e091e9501912295079101852009209501912295079101852a092a9501912295079101c0',
  ),
)
const view = (hex: string) => new DataView(bytes(hex).buffer)
const { hookSwitch, phoneMute, muteLamp, offHookLamp, ringLamp } = usages

describe('reports are read where the descriptor puts them', () => {
  test.each([
    ['Jabra, hook up', jabra, 2, '0100', { hook: 1, mute: 0 }],
    ['Jabra, hook up and muted', jabra, 2, '0500', { hook: 1, mute: 1 }],
    ['Jabra, a digit of its keypad', jabra, 2, '8001', { hook: 0, mute: 0 }],
    ['Poly, muted', poly, 8, '01', { hook: 0, mute: 1 }],
    ['Poly, hook up', poly, 8, '02', { hook: 1, mute: 0 }],
    ['Poly, flash', poly, 8, '04', { hook: 0, mute: 0 }],
    ['a report that is cut short', jabra, 2, '', { hook: 0, mute: 0 }],
  ])('%s', (_, collections, reportId, data, want) => {
    const read = readReport(collections, reportId, view(data))
    expect({ hook: read.get(hookSwitch)?.value, mute: read.get(phoneMute)?.value }).toEqual(want)
    expect([read.get(hookSwitch)?.relative, read.get(phoneMute)?.relative]).toEqual([false, true])
  })

  test('other reports say nothing of the call', () => {
    expect(readReport(jabra, 1, view('0100')).has(hookSwitch)).toBe(false)
    expect(readReport(poly, 9, view('01')).size).toBe(0)
  })

  test('an array tells the usage by its value', () => {
    const item = { isArray: true, usages: [hookSwitch, phoneMute], logicalMinimum: 1, reportSize: 8, reportCount: 1 }
    const read = readReport([{ inputReports: [{ reportId: 3, items: [item] }] }], 3, view('02'))
    expect([read.get(hookSwitch)?.value, read.get(phoneMute)?.value]).toEqual([0, 1])
  })
})

describe('lamps are written where the descriptor puts them', () => {
  const lamps = (...lit: number[]) =>
    new Map([muteLamp, offHookLamp, ringLamp].map((lamp) => [lamp, lit.includes(lamp)]))
  const written = (collections: readonly Collection[], ...lit: number[]) =>
    writeReports(collections, lamps(...lit)).map(({ reportId, data }) => [reportId, ...data])

  test('Jabra: all in one report', () => {
    expect(written(jabra, offHookLamp)).toEqual([[2, 1, 0]])
    expect(written(jabra, muteLamp, offHookLamp)).toEqual([[2, 3, 0]])
    expect(written(jabra, ringLamp)).toEqual([[2, 4, 0]])
  })

  test('Poly: a report for each', () => {
    expect(written(poly, offHookLamp, muteLamp)).toEqual([
      [9, 1],
      [23, 1],
      [24, 0],
    ])
  })
})

const settle = async () => new Promise((resolve) => setTimeout(resolve))
const idle = { ringing: false, inCall: false, muted: false }

async function plugged(collections: readonly Collection[]) {
  const device = new FakeDevice(collections)
  const mouse = new FakeDevice([{ usagePage: 1 }])
  const hid = Object.assign(new EventTarget(), {
    getDevices: async () => [mouse, device],
    requestDevice: async () => [device],
  })
  const done: string[] = []
  const headset = new Headset(hid, (action) => done.push(action))
  const stop = headset.start()
  await settle()
  return { device, mouse, hid, headset, done, stop }
}

describe.each([
  ['Jabra', jabra, 2, { up: '0100', down: '0000', mute: '0500' }],
  ['Poly', poly, 8, { up: '02', down: '00', mute: '03' }],
] as const)('%s', (_, collections, id, keys) => {
  test('answers what rings, mutes, hangs up', async () => {
    const { device, headset, done } = await plugged(collections)
    headset.show({ ...idle, ringing: true })
    device.press(id, keys.up)
    headset.show({ ...idle, inCall: true })
    device.press(id, keys.up) // its echo of our lamp
    device.press(id, keys.mute)
    device.press(id, keys.mute)
    device.press(id, keys.down)
    headset.show(idle)
    device.press(id, keys.down)
    expect(done).toEqual(['answer', 'toggleMute', 'toggleMute', 'hangUp'])
  })

  test('answered by the page: its hook follows, and nothing is done twice', async () => {
    const { device, headset, done } = await plugged(collections)
    headset.show({ ...idle, ringing: true })
    headset.show({ ...idle, inCall: true })
    device.press(id, keys.up)
    headset.show(idle) // the customer hung up
    device.press(id, keys.down)
    expect(done).toEqual([])
  })

  test('picked up for nothing, it is put back', async () => {
    const { device, done } = await plugged(collections)
    await settle()
    device.sent.length = 0
    device.press(id, keys.up)
    await settle()
    expect(done).toEqual([])
    expect(device.sent.length).toBeGreaterThan(0)
    expect(device.sent.flatMap(([, ...data]) => data).every((byte) => byte === 0)).toBe(true)
  })
})

test('no other device is opened; unplugged, its name goes, and at the end all lamps are out', async () => {
  const { device, mouse, hid, headset, done, stop } = await plugged(poly)
  expect(headset.name.get()).toBe('Headset')
  expect(mouse.opened).toBe(false)
  hid.dispatchEvent(Object.assign(new Event('disconnect'), { device }))
  expect(headset.name.get()).toBeUndefined()
  device.press(8, '02')
  expect(done).toEqual([])
  hid.dispatchEvent(new Event('connect'))
  await settle()
  headset.show({ ...idle, inCall: true })
  stop()
  await settle()
  expect(device.sent.slice(-3)).toEqual([
    [9, 0],
    [23, 0],
    [24, 0],
  ])
  expect(device.opened).toBe(false)
})
