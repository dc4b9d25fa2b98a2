import { customerTone, operatorTone } from '../support/stand.ts'
import { expect, test } from '../support/test.ts'
import { languages } from '../support/words.ts'

for (const language of languages) {
  test(`a wrong password, and too many of them (${language})`, async ({ operator }) => {
    // A login of each language's own: the limit is meant to last.
    const intruder = await operator(language === 'ru' ? 'gleb' : 'vera', { language })
    await intruder.open()
    await intruder.fillSignIn('not the password')
    await expect(intruder.page.getByRole('alert')).toHaveText(intruder.word('signIn.wrong'))
    const submit = intruder.page.getByRole('button', { name: intruder.word('signIn.submit') })
    await expect(async () => {
      const answered = intruder.page.waitForResponse('**/graphql')
      await intruder.fillSignIn('not the password')
      await answered
      await expect(intruder.page.getByRole('alert')).toContainText(/\d/, { timeout: 200 }) // how long to wait
    }).toPass({ intervals: [0] })
    await expect(submit).toBeDisabled()
  })
}

test('somebody unknown is told no more than one with a wrong password', async ({ operator }) => {
  const stranger = await operator('anna')
  await stranger.open()
  await stranger.page.getByRole('textbox', { name: stranger.word('signIn.login') }).fill('nobody')
  await stranger.page.getByLabel(stranger.word('signIn.password'), { exact: true }).fill('anything at all')
  await stranger.page.getByRole('button', { name: stranger.word('signIn.submit') }).click()
  await expect(stranger.page.getByRole('alert')).toHaveText(stranger.word('signIn.wrong'))
})

test('a number that cannot be one', async ({ operator }) => {
  const anna = await operator('anna')
  await anna.signIn()
  await anna.phoneReady()
  await anna.dialBox.fill('+7 495 1')
  await expect(anna.button('call.dial')).toBeEnabled()
  await anna.button('call.dial').click()
  await expect(anna.call.getByRole('alert')).toBeVisible()
  await anna.is('OFFLINE')
})

test('a second browser takes the phone, and the older is told', async ({ stand, operator }) => {
  const older = await operator('anna')
  await older.startWork()
  const newer = await operator('anna')
  await newer.signIn()
  await newer.phoneReady()
  await older.phoneIs('takenOver')
  await expect(older.page.getByText(older.word('phone.lineText.takenOver'))).toBeVisible()

  // The call rings at the newer and can be commanded from the older.
  const customer = await stand.call({ from: stand.caller('private').number })
  await newer.rings()
  await older.rings()
  await older.button('call.answer').click()
  await newer.is('TALKING')
  await customer.hears(operatorTone)
  await newer.hears(customerTone)
  await older.button('call.hangUp').click()
  await customer.reaches('ended')
  await newer.is('WRAP_UP')

  // And back.
  await older.page.getByRole('button', { name: older.word('phone.takeHere') }).first().click()
  await older.phoneReady()
  await newer.phoneIs('takenOver')
  await older.finish()
  await older.is('READY')
})

test('Asterisk is killed in a talk: phones are back within ten seconds, the next call works', async ({ stand, operator }) => {
  const anna = await operator('anna')
  await anna.startWork()
  const customer = await stand.call({ from: stand.caller('private').number })
  await anna.rings()
  await anna.answer()
  await customer.hears(operatorTone)

  await stand.asterisk('kill')
  await expect(anna.page.getByRole('alert').filter({ hasText: /telephone exchange/ }).first()).toBeVisible()
  await expect(anna.page.getByRole('alert').filter({ hasText: /EOF|socket|reset/ })).toHaveCount(0) // what a person can make use of
  await stand.asterisk('restart')
  await anna.phoneReady(10_000)
  await anna.is('WRAP_UP')
  await anna.finish()
  await anna.is('READY')

  const next = await stand.call({ from: stand.caller('exact').number })
  await anna.rings()
  await anna.answer()
  await next.hears(operatorTone)
  await anna.hears(customerTone)
  await next.next()
  await anna.finish()
})

test('Pult is killed in a talk: the talk goes on, and the same call is there again', async ({ stand, operator }) => {
  const caller = stand.caller('private')
  const anna = await operator('anna')
  await anna.startWork()
  const customer = await stand.call({ from: caller.number })
  await anna.rings()
  await anna.answer()
  await customer.hears(operatorTone)
  const before = await customer.state()

  await stand.pult('kill')
  await expect(anna.page.getByText(/everything is as of/)).toBeVisible({ timeout: 20_000 })
  await customer.hears(operatorTone)
  await anna.hears(customerTone)
  await stand.pult('start')
  await expect(anna.page.getByText(/everything is as of/)).toBeHidden({ timeout: 20_000 })
  await anna.is('TALKING')
  await expect(anna.customer.getByRole('heading', { name: caller.name })).toBeVisible()
  await customer.hears(operatorTone)
  await anna.hears(customerTone)
  // Nothing was missing in what the customer heard meanwhile.
  expect((await customer.state()).gapMs).toBeLessThan(Math.max(before.gapMs, 1000))

  // Everything works as before: hold, and the end of it in the history.
  await anna.button('call.hold').click()
  await customer.hearsMusic()
  await anna.button('call.resume').click()
  await customer.hears(operatorTone)
  await anna.button('call.hangUp').click()
  await customer.reaches('ended')
  await anna.comment.fill('survived a restart')
  await anna.finish()
  await anna.is('READY')
  await anna.lookUp('Лебедева', caller.name)
  await expect(anna.history.getByRole('listitem').first()).toContainText('survived a restart')
  await expect(anna.history.getByText('survived a restart')).toHaveCount(1)
})

test('Pult is restarted while a customer waits: they wait on, and are served', async ({ stand, operator }) => {
  const anna = await operator('anna')
  await anna.signIn()
  await anna.phoneReady()
  const customer = await stand.call({ from: stand.caller('private').number })
  await customer.hearsMusic()
  await stand.pult('restart')
  await anna.phoneReady()
  await expect(anna.page.getByRole('list', { name: anna.word('waiting.title') })).toContainText(stand.caller('private').name, { timeout: 20_000 })
  await anna.choose('READY')
  await anna.rings()
  await anna.answer()
  await customer.hears(operatorTone)
  await customer.next()
  await anna.finish()
})

test('Asterisk is away when Pult starts: the page says so, and all is well when it comes', async ({ stand, operator }) => {
  await stand.pult('stop')
  await stand.asterisk('kill')
  await stand.pult('start')
  const anna = await operator('anna')
  await anna.signIn()
  await expect(anna.page.getByRole('alert').filter({ hasText: /telephone exchange/ }).first()).toBeVisible()
  await expect(anna.button('call.dial')).toBeDisabled()
  await stand.asterisk('restart')
  await anna.phoneReady()
  await expect(anna.page.getByRole('alert').filter({ hasText: /telephone exchange/ })).toHaveCount(0)
  await anna.choose('READY')
  const customer = await stand.call({ from: stand.caller('private').number })
  await anna.rings()
  await anna.answer()
  await customer.hears(operatorTone)
  await customer.next()
  await anna.finish()
})

test('the operator reloads the page in a talk: the call waits for the phone and goes on', async ({ stand, operator }) => {
  const anna = await operator('anna')
  await anna.startWork()
  const customer = await stand.call({ from: stand.caller('private').number })
  await anna.rings()
  await anna.answer()
  await customer.hears(operatorTone)
  await anna.page.reload()
  await customer.hearsMusic()
  await anna.is('TALKING', 20_000)
  await customer.hears(operatorTone)
  await anna.hears(customerTone)
  await anna.button('call.hangUp').click()
  await anna.finish()
})
