import type { Page } from '@playwright/test'
import { customerTone, operatorTone } from '../support/stand.ts'
import { expect, test } from '../support/test.ts'

interface Watched {
  /** Descriptions that were set: more of them is a renegotiation. */
  descriptions: number
  connections: RTCPeerConnection[]
  /** Labels of devices that are pulled out, for all the page can see. */
  away: string[]
}

/** Lets the story see what the page does with its devices, and pull some out: Chromium's fake ones cannot be. */
async function watch(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const watched: Watched = { descriptions: 0, connections: [], away: [] }
    Object.assign(window, { watched })
    const set: (this: RTCPeerConnection, description: RTCSessionDescriptionInit) => Promise<void> =
      RTCPeerConnection.prototype.setRemoteDescription
    Object.assign(RTCPeerConnection.prototype, {
      async setRemoteDescription(this: RTCPeerConnection, description: RTCSessionDescriptionInit) {
        watched.descriptions++
        if (!watched.connections.includes(this)) watched.connections.push(this)
        await set.call(this, description)
      },
    })
    const list = navigator.mediaDevices.enumerateDevices.bind(navigator.mediaDevices)
    navigator.mediaDevices.enumerateDevices = async () => (await list()).filter(({ label }) => !watched.away.includes(label))
  })
}

const plug = (page: Page, away: string[]) =>
  page.evaluate((away) => {
    ;(window as unknown as { watched: Watched }).watched.away = away
    navigator.mediaDevices.dispatchEvent(new Event('devicechange'))
  }, away)

const spokenBy = (page: Page) =>
  page.evaluate(() => {
    const { descriptions, connections } = (window as unknown as { watched: Watched }).watched
    const tracks = connections.at(-1)?.getSenders().map(({ track }) => track)
    return { descriptions, microphone: tracks?.find((track) => track?.kind === 'audio')?.label }
  })

const voiceFrom = (page: Page) =>
  page.evaluate(async () => {
    const voice = document.querySelector<HTMLAudioElement>('[data-testid=remote-audio]')
    const devices = await navigator.mediaDevices.enumerateDevices()
    return devices.find(({ kind, deviceId }) => kind === 'audiooutput' && deviceId === voice?.sinkId)?.label ?? ''
  })

test('another microphone and speaker during a call: no renegotiation, muted as before; pulled out, the default takes over', async ({ stand, operator }) => {
  const anna = await operator('anna')
  const { page } = anna
  await watch(page)
  await anna.startWork()
  const customer = await stand.call({ from: stand.caller('exact').number })
  await anna.rings()
  await anna.answer()
  await customer.hears(operatorTone)
  await anna.button('call.mute').click()
  await customer.hearsNothing()
  const before = await spokenBy(page)

  const choose = async (what: string, label: RegExp) => {
    await page.getByRole('combobox', { name: anna.word(`settings.${what}`), exact: true }).click()
    await page.getByRole('option', { name: label }).click()
  }
  await page.getByRole('button', { name: anna.word('menu.of', { name: anna.person.name }) }).click()
  await page.getByRole('menuitem', { name: anna.word('settings.title') }).click()
  await choose('microphone', /^Fake Audio Input 1/)
  await expect.poll(() => spokenBy(page)).toMatchObject({ microphone: expect.stringMatching(/^Fake Audio Input 1/) })
  await choose('speaker', /^Fake Audio Output 1/)
  await expect.poll(() => voiceFrom(page)).toMatch(/^Fake Audio Output 1/)
  await choose('ringer', /^Fake Audio Output 2/)

  // Muted as before, and then heard by the new one.
  await page.getByRole('link', { name: anna.word('settings.back') }).click()
  await customer.hearsNothing()
  await anna.button('call.unmute').click()
  await customer.hears(operatorTone)
  await anna.hears(customerTone)

  // Out: the default speaks, and the operator is told. In again: it is used without a question.
  const chosen = (await spokenBy(page)).microphone ?? ''
  await plug(page, [chosen])
  await expect(page.getByText(anna.word('devices.lost', { device: chosen }))).toBeVisible()
  await expect.poll(() => spokenBy(page)).not.toMatchObject({ microphone: chosen })
  await customer.hears(operatorTone)
  await page.getByRole('alert').filter({ hasText: chosen }).getByRole('button', { name: anna.word('close') }).click()
  await plug(page, [])
  await expect.poll(() => spokenBy(page)).toMatchObject({ microphone: chosen })
  await customer.hears(operatorTone)
  expect((await spokenBy(page)).descriptions).toBe(before.descriptions)
})

test('a new headset is offered and used', async ({ operator }) => {
  const anna = await operator('anna')
  const { page } = anna
  await watch(page)
  await anna.signIn()
  await anna.phoneReady()
  const label = await page.evaluate(async () => {
    const devices = await navigator.mediaDevices.enumerateDevices()
    return devices.find(({ kind, label }) => kind === 'audioinput' && label.startsWith('Fake Audio Input 2'))?.label ?? ''
  })
  expect(label).not.toBe('')
  await plug(page, [label])
  await page.goto(`${anna.url}/settings`) // a fresh page that has not seen it
  await plug(page, [label])
  const microphone = page.getByRole('combobox', { name: anna.word('settings.microphone'), exact: true })
  await microphone.click()
  await expect(page.getByRole('option', { name: label })).toHaveCount(0)
  await page.keyboard.press('Escape')
  await plug(page, [])
  await expect(page.getByText(anna.word('devices.appeared', { device: label }))).toBeVisible()
  await page.getByRole('button', { name: anna.word('devices.use'), exact: true }).click()
  await expect(microphone).toHaveValue(label)
  await expect(page.getByText(anna.word('devices.appeared', { device: label }))).toHaveCount(0)
})
