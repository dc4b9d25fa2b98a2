import { Observable } from '@/lib/observable'

// Buttons and lamps of headsets, by WebHID. What a device reports where is read from its own report descriptors; nothing is known of
// makes and models. Usages: HID Usage Tables 1.5, Telephony Device Page (0x0B) and LED Page (0x08).

/** Of WebHID, which TypeScript's own library does not describe. */
export interface ReportItem {
  readonly isConstant?: boolean
  readonly isArray?: boolean
  readonly isAbsolute?: boolean
  readonly isRange?: boolean
  /** Page in the upper half, usage in the lower. */
  readonly usages?: readonly number[]
  readonly usageMinimum?: number
  readonly usageMaximum?: number
  readonly reportSize?: number
  readonly reportCount?: number
  readonly logicalMinimum?: number
}
export interface Report {
  readonly reportId?: number
  readonly items?: readonly ReportItem[]
}
export interface Collection {
  readonly usagePage?: number
  readonly inputReports?: readonly Report[]
  readonly outputReports?: readonly Report[]
}
export interface InputReportEvent extends Event {
  readonly reportId: number
  readonly data: DataView
}
export interface HidDevice extends EventTarget {
  readonly productName: string
  readonly opened: boolean
  readonly collections: readonly Collection[]
  open(): Promise<void>
  close(): Promise<void>
  sendReport(reportId: number, data: BufferSource): Promise<void>
}
export interface Hid extends EventTarget {
  getDevices(): Promise<HidDevice[]>
  requestDevice(options: { filters: { usagePage: number }[] }): Promise<HidDevice[]>
}

const telephonyPage = 0x0b
export const usages = {
  hookSwitch: 0x0b_0020,
  phoneMute: 0x0b_002f,
  muteLamp: 0x08_0009,
  offHookLamp: 0x08_0017,
  ringLamp: 0x08_0018,
} as const

/** The browser's WebHID; undefined where there is none (Firefox, Safari, pages that are not secure). */
export function browserHid(): Hid | undefined {
  return (navigator as Navigator & { hid?: Hid }).hid
}

interface Field {
  readonly item: ReportItem
  /** Of a field of its own; an array's fields tell their usage by their value. */
  readonly usage: number | undefined
  readonly bit: number
  readonly size: number
}

/** Lays the items of a report one after the other, padding included. */
function fieldsOf(report: Report): { fields: readonly Field[]; bits: number } {
  const fields: Field[] = []
  let bit = 0
  for (const item of report.items ?? []) {
    const { reportSize: size = 0, reportCount = 0 } = item
    for (let i = 0; i < reportCount; i++, bit += size) {
      if (item.isConstant !== true)
        fields.push({ item, usage: item.isArray === true ? undefined : usageOf(item, i), bit, size })
    }
  }
  return { fields, bits: bit }
}

/** The usage of the i-th field; the last one stands for all that follow (HID 1.11, 6.2.2.8). */
function usageOf(
  { isRange, usages: list = [], usageMinimum = 0, usageMaximum = 0 }: ReportItem,
  i: number,
): number | undefined {
  return isRange === true ? Math.min(usageMinimum + i, usageMaximum) : list[Math.min(i, list.length - 1)]
}

function valueAt(data: DataView, bit: number, size: number): number {
  let value = 0
  for (let i = 0; i < size; i++) {
    const at = bit + i
    if (at >> 3 < data.byteLength) value += ((data.getUint8(at >> 3) >> (at & 7)) & 1) * 2 ** i
  }
  return value
}

/** What an input report says of a usage. */
export interface Reading {
  readonly value: number
  /** A press, told once; otherwise it is a state. */
  readonly relative: boolean
}

/** Reads a report: every usage that it can tell, with its value now. */
export function readReport(collections: readonly Collection[], reportId: number, data: DataView): Map<number, Reading> {
  const read = new Map<number, Reading>()
  const reports = collections.flatMap(({ inputReports = [] }) => inputReports)
  for (const report of reports.filter((report) => (report.reportId ?? 0) === reportId)) {
    for (const { item, usage, bit, size } of fieldsOf(report).fields) {
      const value = valueAt(data, bit, size)
      const relative = item.isAbsolute === false
      if (usage !== undefined) {
        read.set(usage, { value, relative })
        continue
      }
      const chosen = value - (item.logicalMinimum ?? 0)
      const all =
        item.isRange === true ? (item.usageMaximum ?? 0) - (item.usageMinimum ?? 0) + 1 : (item.usages?.length ?? 0)
      for (let i = 0; i < all; i++) {
        const each = usageOf(item, i)
        if (each !== undefined && (i === chosen || !read.has(each)))
          read.set(each, { value: Number(i === chosen), relative })
      }
    }
  }
  return read
}

/** The output reports that set lamps; those without any of them are left out. */
export function writeReports(
  collections: readonly Collection[],
  lamps: ReadonlyMap<number, boolean>,
): { reportId: number; data: Uint8Array<ArrayBuffer> }[] {
  return collections
    .flatMap(({ outputReports = [] }) => outputReports)
    .flatMap((report) => {
      const { fields, bits } = fieldsOf(report)
      if (!fields.some(({ usage }) => usage !== undefined && lamps.has(usage))) return []
      const data = new Uint8Array(Math.ceil(bits / 8))
      for (const { usage, bit } of fields) {
        if (usage !== undefined && lamps.get(usage) === true) data[bit >> 3] = (data[bit >> 3] ?? 0) | (1 << (bit & 7))
      }
      return [{ reportId: report.reportId ?? 0, data }]
    })
}

/** What the operator wants by a button. */
export type HeadsetAction = 'answer' | 'hangUp' | 'toggleMute'

/** What the headset should show. */
export interface HeadsetLamps {
  readonly ringing: boolean
  readonly inCall: boolean
  readonly muted: boolean
}

/** The headset whose buttons command the call. */
export class Headset {
  /** Its name; undefined when there is none. */
  readonly name = new Observable<string | undefined>(undefined)

  readonly #hid: Hid
  readonly #act: (action: HeadsetAction) => void
  #device: HidDevice | undefined
  #lamps: HeadsetLamps = { ringing: false, inCall: false, muted: false }
  #offHook = false
  #mutePressed = false
  #sending: Promise<void> = Promise.resolve()

  constructor(hid: Hid, act: (action: HeadsetAction) => void) {
    this.#hid = hid
    this.#act = act
  }

  /** Uses a headset that was allowed before, now and whenever one is plugged in, until the returned function is called. */
  start(): () => void {
    const find = () => void this.#find()
    const gone = (event: Event) => {
      if ((event as Event & { device?: HidDevice }).device === this.#device) this.#release()
    }
    this.#hid.addEventListener('connect', find)
    this.#hid.addEventListener('disconnect', gone)
    find()
    return () => {
      this.#hid.removeEventListener('connect', find)
      this.#hid.removeEventListener('disconnect', gone)
      const device = this.#device
      this.show({ ringing: false, inCall: false, muted: false })
      this.#release()
      void this.#sending.then(async () => device?.close()).catch(() => {})
    }
  }

  /** Asks the operator for a headset; to be called upon a click. False: none was chosen. */
  async choose(): Promise<boolean> {
    const [device] = await this.#hid.requestDevice({ filters: [{ usagePage: telephonyPage }] })
    if (!device) return false
    await this.#use(device)
    return true
  }

  /** Lights the lamps, and makes the headset ring. */
  show(lamps: HeadsetLamps): void {
    const before = this.#lamps
    this.#lamps = lamps
    if (before.ringing !== lamps.ringing || before.inCall !== lamps.inCall || before.muted !== lamps.muted) this.#send()
  }

  async #find(): Promise<void> {
    if (this.#device) return
    const devices = await this.#hid.getDevices()
    const device = devices.find(({ collections }) => collections.some(({ usagePage }) => usagePage === telephonyPage))
    if (device) await this.#use(device).catch(() => {}) // another program has it; its buttons are not ours then
  }

  async #use(device: HidDevice): Promise<void> {
    if (device === this.#device) return
    if (!device.opened) await device.open()
    this.#release()
    this.#device = device
    device.addEventListener('inputreport', this.#reported)
    this.name.set(device.productName)
    this.#send()
  }

  #release(): void {
    this.#device?.removeEventListener('inputreport', this.#reported)
    this.#device = undefined
    this.#offHook = false
    this.#mutePressed = false
    this.name.set(undefined)
  }

  readonly #reported = (event: Event): void => {
    if (!this.#device) return
    const { reportId, data } = event as InputReportEvent
    const read = readReport(this.#device.collections, reportId, data)
    const hook = read.get(usages.hookSwitch)
    if (hook) this.#hooked(hook.value === 1)
    const mute = read.get(usages.phoneMute)
    if (!mute) return
    const pressed = mute.value === 1 && (mute.relative || !this.#mutePressed)
    this.#mutePressed = mute.value === 1
    if (pressed && this.#lamps.inCall) this.#act('toggleMute')
  }

  /** A headset also reports the hook that we have set ourselves: then it is as the call is, and nothing is wanted. */
  #hooked(offHook: boolean): void {
    if (offHook === this.#offHook) return
    this.#offHook = offHook
    const { ringing, inCall } = this.#lamps
    if (offHook && !inCall && ringing) this.#act('answer')
    else if (offHook && !inCall)
      this.#send() // there is nothing to talk to: back on the hook
    else if (!offHook && inCall) this.#act('hangUp')
  }

  #send(): void {
    const device = this.#device
    if (!device) return
    const { ringing, inCall, muted } = this.#lamps
    const lamps = new Map<number, boolean>([
      [usages.ringLamp, ringing],
      [usages.offHookLamp, inCall],
      [usages.muteLamp, muted],
    ])
    for (const { reportId, data } of writeReports(device.collections, lamps)) {
      // One after the other, as they were made; a device that was pulled out is told nothing.
      this.#sending = this.#sending.then(async () => device.sendReport(reportId, data)).catch(() => {})
    }
  }
}
