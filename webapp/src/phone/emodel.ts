// The E-model of ITU-T G.107, simplified to what a call over IP varies: see telephony/quality/emodel.go, which says where the numbers come
// from. telephony/quality/testdata/emodel.json holds both to the same results.

/** What the connection does to the voice. */
export interface Network {
  /** As in SDP, lower case; anything unknown is taken for G.711. */
  readonly codec: string
  /** Share of lost packets, 0 to 1. */
  readonly loss: number
  readonly jitterMs: number
  readonly roundTripMs: number
}

export type Grade = 'GOOD' | 'FAIR' | 'POOR'

/** Ro − Is with every parameter at its default (G.107 table 3). */
const base = 93.2

interface Codec {
  /** Equipment impairment factor, G.113 appendix I. */
  readonly ie: number
  /** Robustness against packet loss, G.113 appendix I. */
  readonly bpl: number
  /** Frame and look-ahead, milliseconds. */
  readonly delay: number
}

const g711: Codec = { ie: 0, bpl: 25.1, delay: 20 }
const codecs: Readonly<Record<string, Codec>> = {
  opus: { ie: 0, bpl: 25.1, delay: 26.5 },
  gsm: { ie: 20, bpl: 10, delay: 20 },
  g729: { ie: 11, bpl: 19, delay: 25 },
}

/** The transmission rating R: about 93 is the best there is; it may be negative. */
export function rating({ codec, loss, jitterMs, roundTripMs }: Network): number {
  const { ie, bpl, delay: coding } = codecs[codec] ?? g711
  // A jitter buffer holds about twice the jitter.
  const delay = roundTripMs / 2 + 2 * jitterMs + coding
  const delayImpairment = 0.024 * delay + (delay > 177.3 ? 0.11 * (delay - 177.3) : 0)
  const percent = 100 * loss
  const lossImpairment = ie + ((95 - ie) * percent) / (percent + bpl)
  return base - delayImpairment - lossImpairment
}

/** The mean opinion score of a rating, 1 to 4.5 (G.107 annex B). */
export function opinion(r: number): number {
  if (r <= 0) return 1
  if (r >= 100) return 4.5
  return Math.max(1, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)
}

/** The score in one word: bounds are the scores of R = 80 and R = 60 (G.109 table 1). */
export function gradeOf(mos: number): Grade {
  return mos >= 4.02 ? 'GOOD' : mos >= 3.1 ? 'FAIR' : 'POOR'
}
