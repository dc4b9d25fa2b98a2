// Report descriptors into what WebHID makes of them (HID 1.11, 6.2.2), as far as headsets need it.

import type { Collection, HidDevice, Report, ReportItem } from '@/phone/headset'

type Mutable<T> = { -readonly [key in keyof T]: T[key] }
type Open = { usagePage: number; inputReports: Mutable<Report>[]; outputReports: Mutable<Report>[] }

/** Bytes from hexadecimal text. */
export function bytes(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/[\da-f]{2}/giu) ?? [], (byte) => Number.parseInt(byte, 16))
}

/** The top-level collections of a descriptor, each with the reports of everything within it. */
export function collectionsOf(descriptor: Uint8Array): Collection[] {
  const top: Open[] = []
  let depth = 0
  const global = { page: 0, minimum: 0, size: 0, count: 0, report: 0 }
  let local: { usages: number[]; from?: number; to?: number } = { usages: [] }
  for (let at = 0; at < descriptor.length;) {
    const prefix = descriptor[at] ?? 0
    const length = [0, 1, 2, 4][prefix & 3] ?? 0
    let value = 0
    for (let i = 0; i < length; i++) value += (descriptor[at + 1 + i] ?? 0) * 256 ** i
    at += 1 + length
    const usage = length > 2 ? value : global.page * 0x1_0000 + value
    switch (prefix & 0xfc) {
      case 0x04:
        global.page = value
        break
      case 0x14:
        global.minimum = value
        break
      case 0x74:
        global.size = value
        break
      case 0x84:
        global.report = value
        break
      case 0x94:
        global.count = value
        break
      case 0x08:
        local.usages.push(usage)
        break
      case 0x18:
        local.from = usage
        break
      case 0x28:
        local.to = usage
        break
      case 0xa0:
        if (depth++ === 0) top.push({ usagePage: global.page, inputReports: [], outputReports: [] })
        local = { usages: [] }
        break
      case 0xc0:
        depth--
        break
      case 0x80:
      case 0x90: {
        const reports = top.at(-1)?.[(prefix & 0xfc) === 0x80 ? 'inputReports' : 'outputReports'] ?? []
        const report = reports.find(({ reportId }) => reportId === global.report) ?? {
          reportId: global.report,
          items: [],
        }
        if (!reports.includes(report)) reports.push(report)
        const item: ReportItem = {
          isConstant: (value & 1) !== 0,
          isArray: (value & 2) === 0,
          isAbsolute: (value & 4) === 0,
          isRange: local.from !== undefined,
          usages: local.usages,
          usageMinimum: local.from ?? 0,
          usageMaximum: local.to ?? 0,
          reportSize: global.size,
          reportCount: global.count,
          logicalMinimum: global.minimum,
        }
        report.items = [...(report.items ?? []), item]
        local = { usages: [] }
        break
      }
      default:
        if ((prefix & 0x0c) === 0) local = { usages: [] }
    }
  }
  return top
}

/** A device whose buttons a test presses. */
export class FakeDevice extends EventTarget implements HidDevice {
  readonly productName = 'Headset'
  readonly collections: readonly Collection[]
  readonly sent: number[][] = []
  opened = false

  constructor(collections: readonly Collection[]) {
    super()
    this.collections = collections
  }
  async open() {
    this.opened = true
  }
  async close() {
    this.opened = false
  }
  async sendReport(reportId: number, data: BufferSource) {
    this.sent.push([reportId, ...(data as Uint8Array)])
  }
  press(reportId: number, data: string) {
    this.dispatchEvent(Object.assign(new Event('inputreport'), { reportId, data: new DataView(bytes(data).buffer) }))
  }
}
