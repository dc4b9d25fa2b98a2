// What customer systems get wrong, as the server tells it, by the names that the pages have words for.

const rules: readonly (readonly [key: string, said: RegExp])[] = [
  ['away', /^the (?:server|system) does not answer/u],
  ['slow', /^no answer in time/u],
  ['password', /password was refused|^the system did not let us in/u],
  ['often', /asks for fewer requests|requests are waiting/u],
  ['busy', /^the server is busy|^the system is busy|^the web server failed/u],
  ['web', /^the web server refused/u],
  ['resting', /^the system is left alone/u],
  ['page', /^a web page came instead/u],
  ['cut', /^the answer was cut off/u],
  ['strange', /^the answer was not understood|^the answer is not one of 1C/u],
  ['private', /^the server is in a private network/u],
  ['elsewhere', /^the address leads elsewhere/u],
  ['unfit', /^the connector's settings do not fit|^the request does not fit/u],
  ['token', /^the system gave no token/u],
  ['unkept', /^the system's new refresh token could not be stored/u],
  ['sealed', /^its secrets cannot be opened/u],
  ['network', /is not permitted here; whoever runs Pult permits it in web_connectors\.networks/u],
  ['folder', /lies in no folder that is permitted here/u],
  ['shadowed', /^the configuration file has a connector of this name/u],
  ['gone', /^the customer is not in the base any more/u],
  ['refused', /^the (?:base|system) refused(?: the request)?(?:: (?<why>.*))?$/u],
  ['file', /^the file cannot be|^this is no file/u],
  ['broken', /^the file is (?:broken|being written)/u],
]

/** What was said, by name, with the system's own words where it gave some. */
export interface Trouble {
  readonly key: string
  readonly why: string
}

/** null for what only the server has words for. */
export function troubleOf(said: string): Trouble | null {
  for (const [key, pattern] of rules) {
    const found = pattern.exec(said)
    if (found) return { key, why: found.groups?.['why'] ?? '' }
  }
  return null
}

/** Troubles that say no more than an error's code does. */
const plain: Readonly<Record<string, string>> = { UNAVAILABLE: 'away', TIMEOUT: 'slow', RATE_LIMITED: 'often' }

export const repeats = (code: string, said: string): boolean =>
  plain[code] !== undefined && plain[code] === troubleOf(said)?.key
