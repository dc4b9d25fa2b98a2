import { expect, type BrowserContext, type Locator, type Page } from '@playwright/test'
import { tones, type Person } from './stand.ts'
import { word, type Language } from './words.ts'

/** An operator at the page. Everything is found as an operator finds it: by role and name. */
export class Workspace {
  readonly page: Page
  readonly context: BrowserContext
  readonly language: Language
  readonly person: Person
  readonly url: string

  constructor(page: Page, language: Language, person: Person, url: string) {
    this.page = page
    this.context = page.context()
    this.language = language
    this.person = person
    this.url = url
  }

  /** The word of a key in the language of the page. */
  word(key: string, values?: Record<string, string>): string {
    return word(this.language, key, values)
  }

  button(key: string): Locator {
    return this.page.getByRole('button', { name: this.word(key), exact: true })
  }

  get call(): Locator {
    return this.page.getByRole('region', { name: this.word('call.title'), exact: true })
  }

  get customer(): Locator {
    return this.page.getByRole('region', { name: this.word('customer.title'), exact: true })
  }

  get queues(): Locator {
    return this.page.getByRole('region', { name: this.word('queues.title'), exact: true })
  }

  get history(): Locator {
    return this.page.getByRole('list', { name: this.word('history.title'), exact: true })
  }

  get recent(): Locator {
    return this.page.getByRole('list', { name: this.word('idle.recent'), exact: true })
  }

  get comment(): Locator {
    return this.page.getByRole('textbox', { name: this.word('notes.comment') })
  }

  get tags(): Locator {
    return this.page.getByRole('combobox', { name: this.word('notes.tags') })
  }

  get dialBox(): Locator {
    return this.page.getByRole('textbox', { name: this.word('call.number') })
  }

  /** Finds a customer by search and opens the card. */
  async lookUp(text: string, name: string): Promise<void> {
    await this.page.getByRole('textbox', { name: this.word('search.label') }).fill(text)
    await this.page.getByRole('option', { name }).first().click()
    await expect(this.customer.getByRole('heading', { name })).toBeVisible()
  }

  topic(name: string): Locator {
    return this.page.getByRole('radio', { name })
  }

  async open(): Promise<void> {
    await this.page.goto(this.url)
  }

  async fillSignIn(password = this.person.password): Promise<void> {
    await this.page.getByRole('textbox', { name: this.word('signIn.login') }).fill(this.person.login)
    await this.page.getByLabel(this.word('signIn.password'), { exact: true }).fill(password)
    await this.page.getByRole('button', { name: this.word('signIn.submit') }).click()
  }

  async signIn(): Promise<void> {
    await this.open()
    await this.fillSignIn()
    await expect(this.queues).toBeVisible()
  }

  /** Waits until the phone is registered. */
  async phoneReady(timeout = 15_000): Promise<void> {
    await this.phoneIs('ready', timeout)
  }

  async phoneIs(line: string, timeout = 10_000): Promise<void> {
    const name = this.word('phone.state', { state: this.word(`phone.line.${line}`) })
    await expect(this.page.getByRole('button', { name, exact: true })).toBeVisible({ timeout })
  }

  /** Chooses READY, OFFLINE, or the name of a reason to pause. */
  async choose(what: string): Promise<void> {
    await this.button('availability.change').click()
    const name = what === 'READY' || what === 'OFFLINE' ? this.word(`presence.${what}`) : what
    await this.page.getByRole('menuitem', { name }).click()
  }

  /** Waits until the operator is shown in a state: READY, OFFERED, TALKING, HELD, WRAP_UP, PAUSED, OFFLINE. */
  async is(presence: string, timeout = 10_000): Promise<void> {
    await expect(this.page.getByRole('status', { name: this.word(`presence.${presence}`), exact: true })).toBeVisible({ timeout })
  }

  /** Signs in, waits for the phone, becomes ready. */
  async startWork(): Promise<void> {
    await this.signIn()
    await this.phoneReady()
    await this.choose('READY')
    await this.is('READY')
  }

  /** Waits for an offered call. */
  async rings(timeout = 10_000): Promise<void> {
    await this.is('OFFERED', timeout)
    await expect(this.button('call.answer')).toBeEnabled()
  }

  async answer(): Promise<void> {
    await this.button('call.answer').click()
    await this.is('TALKING')
  }

  /** Waits until the operator hears a tone. */
  async hears(tone: number, timeout = 10_000): Promise<void> {
    await expect
      .poll(() => this.#share(tone), { message: `the operator is to hear ${tone} Hz`, timeout, intervals: [100, 200] })
      .toBeGreaterThan(0.25)
  }

  /** Waits until the operator hears these tones, and no other. */
  async hearsOnly(wanted: readonly number[], timeout = 10_000): Promise<void> {
    const now = async () => {
      const heard: number[] = []
      for (const tone of tones) if ((await this.#share(tone)) > 0.02) heard.push(tone)
      return heard
    }
    const message = `${this.person.name} is to hear ${wanted.join(' and ')} Hz`
    await expect.poll(now, { message, timeout, intervals: [100, 200] }).toEqual(tones.filter((tone) => wanted.includes(tone)))
  }

  /** Opens the picker and chooses somebody by what is typed. */
  async pick(what: 'transfer' | 'consult', text: string): Promise<void> {
    await this.button(`call.${what}`).click()
    await this.page.getByRole('combobox', { name: this.word('picker.field') }).fill(text)
    await this.page.getByRole('option').first().click()
  }

  /** Where a party of the call is said to be: the words of `party` by their name. */
  party(name: string): Locator {
    return this.page.getByRole('list', { name: this.word('party.title') }).getByRole('listitem').filter({ hasText: name })
  }

  /** Waits until a colleague is shown in a state. */
  async sees(colleague: string, state: string, timeout = 2000): Promise<void> {
    const team = this.page.getByRole('list', { name: this.word('team.title') })
    const line = team.getByRole('listitem').filter({ hasText: colleague })
    await expect(line.getByRole('img', { name: this.word(state) })).toBeVisible({ timeout })
  }

  /**
   * How much of what the page plays is the tone, 0 to 1, in the last tenth of a second. It listens to the streams of the elements
   * that play voices, as the loudspeaker does.
   */
  async #share(tone: number): Promise<number> {
    return this.page.evaluate(async (frequency) => {
      const playing = [...document.querySelectorAll('audio')].filter((audio) => audio.srcObject && !audio.paused && !audio.muted)
      const streams = playing.map((audio) => audio.srcObject as MediaStream)
      if (streams.length === 0) return 0
      const w = window as unknown as { ear?: { of: MediaStream[]; context: AudioContext; analyser: AnalyserNode } }
      if (w.ear?.of.length !== streams.length || !streams.every((stream) => w.ear?.of.includes(stream))) {
        await w.ear?.context.close()
        const context = new AudioContext()
        const analyser = new AnalyserNode(context, { fftSize: 8192 })
        for (const stream of streams) new MediaStreamAudioSourceNode(context, { mediaStream: stream }).connect(analyser)
        w.ear = { of: streams, context, analyser }
      }
      const { analyser, context } = w.ear
      const samples = new Float32Array(analyser.fftSize)
      analyser.getFloatTimeDomainData(samples)
      // Goertzel's filter, as the carrier's ear has it (internal/lab).
      const c = 2 * Math.cos((2 * Math.PI * frequency) / context.sampleRate)
      let [s1, s2, power] = [0, 0, 0]
      for (const x of samples) {
        ;[s1, s2] = [x + c * s1 - s2, s1]
        power += x * x
      }
      const n = samples.length
      const level = power / n
      return level < 1e-6 ? 0 : (2 * (s1 * s1 + s2 * s2 - c * s1 * s2)) / (n * n) / level
    }, tone)
  }

  /** Ends the wrap-up without a word. */
  async finish(): Promise<void> {
    await this.button('call.finish').click()
  }

  /** Leaves, whatever state the page is in: calls end, the phone goes away, the operator is offline. */
  async leave(): Promise<void> {
    try {
      const look = () => this.api('{ viewer { operator { id } } calls { id state operator { id } } }')
      const { data } = await look()
      for (const { id, state, operator } of data?.calls ?? []) {
        if (operator?.id !== data?.viewer.operator?.id) continue
        if (state !== 'WRAP_UP') await this.api(`mutation { hangUp(input: { callId: "${id}" }) { call { id } } }`)
        const over = async () => {
          const now = (await look()).data?.calls?.find((call) => call.id === id)?.state ?? 'ENDED'
          return ['WRAP_UP', 'ENDED'].includes(now)
        }
        await expect.poll(over, { timeout: 5000 }).toBe(true) // the exchange ends it
        await this.api(`mutation { wrapUp(input: { callId: "${id}", action: FINISH }) { call { id } } }`)
      }
      await this.api('mutation { signOut { ok } }')
    } catch {
      // The server is away; then so is the session.
    }
    if (this.context.browser()?.isConnected() !== false) await this.context.close() // else it was killed
  }

  /** Asks the server behind the page's back. */
  async api(query: string): Promise<Answer> {
    const response = await this.context.request.post(`${this.url}/graphql`, {
      headers: { 'X-Pult-Client': 'web', Origin: this.url },
      data: { query },
      timeout: 5000,
    })
    return (await response.json()) as Answer
  }
}

interface Answer {
  data?: {
    viewer: { operator: { id: string; phoneOnline?: boolean } | null }
    calls?: { id: string; state: string; operator: { id: string } | null }[]
  }
}
