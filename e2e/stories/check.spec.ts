import { expect, test } from '../support/test.ts'

// The check before the first call, against a real Asterisk: what the page sends to Echo() comes back.

test('a phone hears its own echo through the telephone exchange before the first call', async ({ operator, stand }) => {
  const anna = await operator('anna')
  await anna.signIn()
  await anna.phoneReady()
  await anna.page.goto(`${anna.url}/check`)
  const steps = anna.page.getByRole('list', { name: anna.word('check.steps') })
  const step = (name: string) => steps.getByRole('listitem').filter({ hasText: anna.word(`check.step.${name}`) })
  const fine = anna.word('check.state.ok')
  await expect(anna.page.getByRole('status').filter({ hasText: anna.word('check.well') })).toBeVisible({ timeout: 20_000 })
  for (const name of ['permission', 'microphone', 'ringtone', 'level', 'speaker', 'notifications', 'connection', 'registration', 'media', 'clock']) {
    await expect(step(name).getByRole('img', { name: fine, exact: true })).toBeVisible()
  }
  await expect(step('media')).toContainText(/\d+ ms/)
  // The leg of the echo is gone, was never shown as a call, and left no trace in the history.
  await expect.poll(() => stand.asteriskSays('core show channels concise')).not.toContain('Echo')
  await anna.page.goto(anna.url)
  await expect(anna.recent.getByRole('listitem')).toHaveCount(0)
})

test('a phone in a window of its own is checked there, and every page shows and repeats it', async ({ operator }) => {
  const anna = await operator('anna', { phone: 'window' })
  await anna.signIn()
  await anna.phoneReady()
  await anna.page.goto(`${anna.url}/check`)
  const well = anna.page.getByRole('status').filter({ hasText: anna.word('check.well') })
  await expect(well).toBeVisible({ timeout: 20_000 })
  await anna.page.getByRole('button', { name: anna.word('check.againAll') }).click()
  await expect(well).toBeHidden()
  await expect(well).toBeVisible({ timeout: 20_000 })
})

test('whose microphone is blocked is told so by page and server, and the supervisor sees it', async ({ operator }) => {
  const boris = await operator('boris')
  await boris.page.addInitScript(() => {
    const blocked = async () => Promise.reject(new DOMException('blocked by the test', 'NotAllowedError'))
    if (!sessionStorage.getItem('allowed')) navigator.mediaDevices.getUserMedia = blocked
  })
  await boris.signIn()
  await expect(boris.page.getByText(boris.word('microphone.denied.title'))).toBeVisible()
  const becomesReady = async () =>
    boris.page.evaluate(async () => {
      const response = await fetch('/graphql', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Pult-Client': 'web' },
        body: JSON.stringify({ query: 'mutation { setAvailability(input: {availability: READY}) { operator { availability } } }' }),
      })
      const { errors } = (await response.json()) as { errors?: { extensions: { code: string } }[] }
      return errors?.[0]?.extensions.code ?? 'accepted'
    })
  await expect.poll(becomesReady).toBe('CONFLICT')

  const vera = await operator('vera')
  await vera.signIn()
  await vera.page.goto(`${vera.url}/readiness`)
  const row = vera.page.getByRole('list', { name: vera.word('readiness.title') }).getByRole('listitem').filter({ hasText: boris.person.name })
  await expect(row).toContainText(vera.word('check.problem.denied.title'))
  await expect(row).toContainText(/Chrom/)

  await boris.page.getByRole('link', { name: boris.word('check.whatToDo') }).click()
  await expect(boris.page.getByRole('img', { name: boris.word('check.clicked', { browser: 'Chrome' }) })).toBeVisible()
  await boris.page.evaluate(() => sessionStorage.setItem('allowed', '1'))
  await boris.page.goto(boris.url)
  await boris.phoneReady()
  await expect.poll(becomesReady).toBe('accepted')
  await expect(row).toContainText(vera.word('readiness.state.CAN_TAKE'))
  await boris.choose('OFFLINE')
})
