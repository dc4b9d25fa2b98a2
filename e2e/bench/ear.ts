import type { Page } from '@playwright/test'
import type { Customer } from '../support/stand.ts'

/** What a watched page notes of itself, in milliseconds of Unix time. */
export interface Notes {
  /** When Asterisk said that the phone is registered. */
  registered: number[]
  /** When the tone was first heard in what the page plays to the operator. */
  heard: number | undefined
  /** What the page shows, each time that it changes. */
  shown: { at: number; words: string }[]
}

/**
 * Runs in the page, before anything of its own. It looks at the wire and at the loudspeaker, so that it measures the same whatever the
 * page makes of either.
 */
function watch({ tone, selector }: { tone: number; selector: string }): void {
  localStorage.setItem('pult.devices', '{"phoneWindow":false}')
  const now = () => performance.timeOrigin + performance.now()
  const notes: Notes = { registered: [], heard: undefined, shown: [] }
  ;(window as unknown as { notes: Notes }).notes = notes

  window.WebSocket = class extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols)
      this.addEventListener('message', ({ data }) => {
        if (/^SIP\/2\.0 200 [^]*\nCSeq:\s*\d+ REGISTER\r?\n/i.test(String(data))) notes.registered.push(now())
      })
    }
  }

  const show = () => {
    const words = [...document.querySelectorAll(selector)].map((found) => found.getAttribute('aria-label') ?? '').join(', ')
    if (words !== notes.shown.at(-1)?.words) notes.shown.push({ at: now(), words })
  }
  new MutationObserver(show).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ['aria-label'] })

  const context = new AudioContext()
  const analyser = new AnalyserNode(context, { fftSize: 2048 })
  const samples = new Float32Array(analyser.fftSize)
  let source: MediaStreamAudioSourceNode | undefined
  const listen = setInterval(() => {
    const playing = [...document.querySelectorAll('audio')].find((audio) => audio.srcObject && !audio.paused && !audio.muted)
    const stream = playing?.srcObject
    if (!(stream instanceof MediaStream)) return
    if (source?.mediaStream !== stream) {
      source?.disconnect()
      source = new MediaStreamAudioSourceNode(context, { mediaStream: stream })
      source.connect(analyser)
    }
    analyser.getFloatTimeDomainData(samples)
    // Goertzel's filter, as the carrier's ear has it (internal/lab).
    const c = 2 * Math.cos((2 * Math.PI * tone) / context.sampleRate)
    let [s1, s2, power] = [0, 0, 0]
    for (const x of samples) {
      ;[s1, s2] = [x + c * s1 - s2, s1]
      power += x * x
    }
    const level = power / samples.length
    if (level < 1e-5 || (2 * (s1 * s1 + s2 * s2 - c * s1 * s2)) / samples.length ** 2 < 0.25 * level) return
    notes.heard = now()
    clearInterval(listen)
    void context.close()
  }, 20)
}

/** Watches a page that is yet to load: for a tone, and for the labels of what a selector finds. */
export async function watchPage(page: Page, tone: number, selector: string): Promise<void> {
  await page.addInitScript(watch, { tone, selector })
}

export function notesOf(page: Page): Promise<Notes> {
  return page.evaluate(() => (window as unknown as { notes: Notes }).notes)
}

/** When the page began to show for good what it shows now; undefined where that is something else. */
export function shownSince({ shown }: Notes, words: string): number | undefined {
  const last = shown.at(-1)
  return last?.words === words ? last.at : undefined
}

/** Longest time between two packets of something that goes on: what is longer is heard. Milliseconds; late packets included. */
const together = 100

/** When something that lasts began to be heard at the customer's end, by when packets of it came; undefined before it has. */
export function beginning(packets: readonly number[]): number | undefined {
  const lasting = 10 // packets: a fifth of a second
  return packets.find((at, i) => {
    const later = packets.slice(i, i + lasting)
    return later.length === lasting && later.every((t, j) => j === 0 || t - (later[j - 1] ?? at) < together)
  })
}

/** The longest time between two packets in which any of the tones was heard at the customer's end, from one moment to another. */
export async function longestGap(customer: Customer, tones: readonly number[], from: number, to: number): Promise<number> {
  const kept = await customer.kept(from, ...tones)
  const heard = tones.flatMap((tone) => kept[tone] ?? []).filter((at) => at <= to)
  const moments = [from, ...heard.toSorted((a, b) => a - b), to]
  return Math.max(...moments.slice(1).map((at, i) => at - (moments[i] ?? at)))
}
