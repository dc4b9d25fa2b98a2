import { customerTone, operatorTone } from '../support/stand.ts'
import { expect, test } from '../support/test.ts'
import { languages } from '../support/words.ts'
import { Workspace } from '../support/workspace.ts'

for (const language of languages) {
  test(`a number on a foreign page is called when the operator says so, by the phone that is there (${language})`, async ({ stand, operator }) => {
    const caller = stand.caller('exact')
    const anna = await operator('anna', { language })
    await anna.startWork()
    const customer = await stand.callee({ ringMs: 60_000 })

    // A customer system of its own origin, with a link that opens beside it.
    const system = await anna.context.newPage()
    await system.setContent(`<a href="${anna.url}/call?number=${encodeURIComponent(`tel:${caller.number}`)}" target="_blank">Call</a>`)
    const opened = anna.context.waitForEvent('page')
    await system.getByRole('link').click()
    const clicked = new Workspace(await opened, language, anna.person, anna.url)
    await expect(clicked.page.getByText(caller.number, { exact: true })).toBeVisible()
    await clicked.phoneIs('otherTab')
    await expect(clicked.button('call.dial')).toBeEnabled()
    await anna.is('READY') // nothing was dialled by the link
    expect((await customer.state()).events).toEqual([])

    // It closes when the call is where the workspace is.
    const closed = clicked.page.waitForEvent('close')
    await clicked.button('call.dial').click()
    await closed
    await customer.reaches('called')
    expect((await customer.state()).events[0]?.detail).toContain(caller.number.slice(1))
    await expect(anna.customer.getByRole('heading', { name: caller.name })).toBeVisible()
    await customer.next()
    await customer.reaches('answered')
    await anna.is('TALKING')
    await customer.hears(operatorTone)
    await anna.hears(customerTone)
    await anna.button('call.hangUp').click()
    await customer.reaches('ended')
    await anna.finish()
  })
}

test('without an open workspace the page of a clicked number becomes one, after the sign-in', async ({ stand, operator }) => {
  const anna = await operator('anna')
  const customer = await stand.callee()
  await anna.page.goto(`${anna.url}/call?number=${encodeURIComponent(stand.caller('exact').number)}`)
  await anna.fillSignIn()
  await expect(anna.button('call.dial')).toBeEnabled({ timeout: 15_000 })
  await anna.button('call.dial').click()
  await customer.reaches('answered')
  await anna.is('TALKING')
  await customer.hears(operatorTone)
  await anna.hears(customerTone)
  await customer.next()
  await anna.finish()
})
