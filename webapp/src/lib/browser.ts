/** The browsers that people are helped with by name. */
export type BrowserName = 'chrome' | 'edge' | 'yandex' | 'firefox'
export const browserNames: readonly BrowserName[] = ['chrome', 'edge', 'yandex', 'firefox']

/** What a page runs in. */
export interface BrowserInfo {
  /** The one whose help fits best. */
  readonly name: BrowserName
  /** As people call it, with its major version: "Chrome 142". */
  readonly title: string
  /** "Windows", "macOS", "Linux"; empty when not known. */
  readonly platform: string
}

// The order matters: all but Firefox also say that they are Chrome.
const known: readonly [pattern: RegExp, name: BrowserName, title: string][] = [
  [/YaBrowser\/(\d+)/u, 'yandex', 'Yandex Browser'],
  [/Edg\/(\d+)/u, 'edge', 'Edge'],
  [/Firefox\/(\d+)/u, 'firefox', 'Firefox'],
  [/OPR\/(\d+)/u, 'chrome', 'Opera'],
  [/Chrom(?:e|ium)\/(\d+)/u, 'chrome', 'Chrome'],
]

const platforms: readonly [pattern: RegExp, title: string][] = [
  [/Android/u, 'Android'],
  [/iPhone|iPad/u, 'iOS'],
  [/Windows/u, 'Windows'],
  [/Mac OS X/u, 'macOS'],
  [/CrOS/u, 'ChromeOS'],
  [/Linux/u, 'Linux'],
]

/** Reads the user agent string. */
export function browserOf(userAgent: string): BrowserInfo {
  const platform = platforms.find(([pattern]) => pattern.test(userAgent))?.[1] ?? ''
  for (const [pattern, name, title] of known) {
    const version = pattern.exec(userAgent)?.[1]
    if (version !== undefined) return { name, title: `${title} ${version}`, platform }
  }
  return { name: 'chrome', title: '', platform }
}
