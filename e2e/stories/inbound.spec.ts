import { customerTone, operatorTone } from '../support/stand.ts'
import { expect, test } from '../support/test.ts'
import { languages } from '../support/words.ts'

for (const language of languages) {
  test(`a customer calls, is helped, and it stands in the history (${language})`, async ({ stand, operator }) => {
    const caller = stand.caller('exact')
    const anna = await operator('anna', { language })
    await anna.signIn()
    await anna.phoneReady()
    await anna.is('OFFLINE')

    // The customer waits with music. The operator sees who it is; a reload loses nothing.
    const customer = await stand.call({ from: caller.number })
    await customer.hearsMusic()
    const waiting = anna.page.getByRole('list', { name: anna.word('waiting.title') })
    const waits = anna.queues.getByRole('row', { name: /^Support/ }).getByRole('cell').first()
    await expect(waiting).toContainText(caller.name)
    await expect(waits).toHaveText('1')
    await anna.page.reload()
    await anna.phoneReady()
    await expect(waiting).toContainText(caller.name)
    await expect(waits).toHaveText('1')

    // Ready: the phone rings, with the card.
    await anna.choose('READY')
    await anna.rings()
    await expect(anna.customer.getByRole('heading', { name: caller.name })).toBeVisible()
    await expect(anna.customer).toContainText(caller.company)
    await expect(anna.customer.getByRole('link', { name: anna.word('customer.openIn', { system: '1C' }) })).toBeVisible()
    await expect(waits).toHaveText('0')

    // Both hear each other.
    await anna.answer()
    await customer.hears(operatorTone)
    await anna.hears(customerTone)

    // Hold: music, and nothing of the operator. Resume: as before.
    await anna.button('call.hold').click()
    await anna.is('HELD')
    await customer.hearsMusic()
    await anna.button('call.resume').click()
    await anna.is('TALKING')
    await customer.hears(operatorTone)
    await anna.hears(customerTone)

    // Mute: silence, while the operator still hears.
    await anna.button('call.mute').click()
    await customer.hearsNothing()
    await anna.hears(customerTone)
    await anna.button('call.unmute').click()
    await customer.hears(operatorTone)

    // The keypad reaches the customer's side as telephone events.
    await anna.button('call.keypad').click()
    for (const key of ['5', '#', '0']) await anna.page.getByRole('button', { name: key, exact: true }).click()
    await customer.getsDigits('5#0')
    await anna.button('call.keypad').click()

    // The customer hangs up. What is typed survives a reload, saved or not.
    await customer.next()
    await customer.reaches('hungup')
    await anna.is('WRAP_UP')
    const comment = language === 'ru' ? 'Просит счёт на почту' : 'Wants the invoice by mail'
    await anna.topic('Billing › Invoice').click()
    await anna.tags.fill('vip')
    await anna.tags.press('Enter')
    await anna.comment.fill(comment)
    await anna.page.reload()
    await anna.is('WRAP_UP')
    await expect(anna.comment).toHaveValue(comment)
    await expect(anna.topic('Billing › Invoice')).toBeChecked()
    await expect(anna.page.getByText('vip', { exact: true })).toBeVisible()

    await anna.finish()
    await anna.is('READY')

    // And there it stands: among the operator's calls, and with the customer.
    await expect(anna.recent.getByRole('listitem').first()).toContainText(caller.name)
    await anna.lookUp('Котова', caller.name)
    const entry = anna.history.getByRole('listitem').first()
    await expect(entry).toContainText(comment)
    await expect(entry).toContainText('Billing › Invoice')
    await entry.getByRole('button').first().click()
    await expect(entry).toContainText('vip')
    await expect(entry).toContainText(anna.person.name)
  })
}
