import type { QualityFieldsFragment } from '@/gql/graphql'
import { unknown, type Language } from './format'

// How figures of call quality are written.

/** A share as percent: 0 %, 0.4 %, 12 %. */
export function percent(share: number | null | undefined, language: Language): string {
  if (share === null || share === undefined) return unknown
  const digits = share > 0 && share < 0.1 ? 1 : 0
  return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: digits }).format(share)
}

/** Milliseconds: 0 ms, 4 ms, 120 ms. */
export function milliseconds(value: number | null | undefined, language: Language): string {
  if (value === null || value === undefined) return unknown
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit: 'millisecond',
    unitDisplay: 'short',
    maximumFractionDigits: 0,
  }).format(value)
}

/** A mean opinion score: 4.3. */
export function score(mos: number | null | undefined, language: Language): string {
  if (mos === null || mos === undefined) return unknown
  return new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(mos)
}

const names: Readonly<Record<string, string>> = {
  opus: 'Opus',
  pcma: 'G.711 A',
  alaw: 'G.711 A',
  pcmu: 'G.711 µ',
  ulaw: 'G.711 µ',
}

/** A codec as people call it. */
export function codecName(codec: string): string {
  return codec === '' ? unknown : (names[codec] ?? codec.toUpperCase())
}

/** The sides in the order in which the voice passes them. */
export function sidesOf(quality: QualityFieldsFragment): QualityFieldsFragment['sides'] {
  const order = ['PAGE', 'OPERATOR', 'CUSTOMER']
  return quality.sides.toSorted((a, b) => order.indexOf(a.side) - order.indexOf(b.side))
}
