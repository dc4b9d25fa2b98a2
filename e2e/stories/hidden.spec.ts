import { BackgroundPage } from '../support/background.ts'
import { expect, test } from '../support/test.ts'
import { word } from '../support/words.ts'

/** Posts an operation as the page does. */
const post = (query: string) =>
  `fetch('/graphql', { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Pult-Client': 'web' }, body: JSON.stringify(${JSON.stringify({ query })}) }).then((r) => r.json())`

/** What the page shows of phone and feed, found as an operator finds it. */
const seen = `({
  phone: [...document.querySelectorAll('button')].map((b) => b.getAttribute('aria-label') ?? '').find((l) => l.startsWith(${JSON.stringify(word('en', 'phone.state', { state: '' }).trimEnd())})) ?? '',
  behind: [...document.querySelectorAll('[role=alert]')].some((a) => /everything is as of/.test(a.textContent)),
})`

interface Seen {
  phone: string
  behind: boolean
}

/**
 * Chromium wakes only chained timers of a hidden page once a minute, other browsers all of them, and what counts as chained is theirs to
 * change. So the page's own timers take a minute here as soon as `slow` says so, whatever started them; a worker's are its own.
 */
const slowDown = `
  localStorage.setItem('pult.devices', JSON.stringify({ phoneWindow: false })) // the phone is in this page
  const own = window.setTimeout
  window.setTimeout = (act, milliseconds, ...rest) => own(act, window.slow ? Math.max(milliseconds ?? 0, 60_000) : milliseconds, ...rest)
`

test('a page that nobody has looked at for minutes: phone and feed come back within seconds all the same', async ({ stand }) => {
  test.setTimeout(240_000)
  const { login, password } = stand.person('anna')
  const url = stand.info.urls[0] ?? ''
  const ready = word('en', 'phone.state', { state: word('en', 'phone.line.ready') })
  const page = await BackgroundPage.open(url, slowDown)
  const look = () => page.evaluate<Seen>(seen)
  const intervals = [250]
  try {
    await expect.poll(() => page.evaluate<string>('document.title'), { intervals }).toBe('Pult')
    await page.evaluate(post(`mutation { signIn(input: { login: "${login}", password: "${password}" }) { viewer { now } } }`))
    await page.reload()
    await expect.poll(async () => (await look()).phone, { timeout: 20_000, intervals }).toBe(ready)

    await page.hide()
    expect(await page.evaluate('document.visibilityState')).toBe('hidden')
    await page.evaluate('window.slow = true')

    await stand.asterisk('kill')
    await expect.poll(async () => (await look()).phone, { intervals }).not.toBe(ready)
    await stand.asterisk('restart')
    await expect.poll(async () => (await look()).phone, { message: 'the phone is back', timeout: 15_000, intervals }).toBe(ready)

    await stand.pult('kill')
    await expect.poll(async () => (await look()).behind, { timeout: 20_000, intervals }).toBe(true)
    await stand.pult('start')
    await expect.poll(async () => (await look()).behind, { message: 'the feed is back', timeout: 15_000, intervals }).toBe(false)
  } finally {
    await page.evaluate(post('mutation { signOut { ok } }')).catch(() => {})
    await page.close()
  }
})
