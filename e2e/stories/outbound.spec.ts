import { customerTone, operatorTone } from '../support/stand.ts'
import { expect, test } from '../support/test.ts'
import { languages } from '../support/words.ts'

for (const language of languages) {
  test(`an operator calls a number, and then another from the card (${language})`, async ({ stand, operator }) => {
    const caller = stand.caller('exact')
    const anna = await operator('anna', { language })
    await anna.signIn()
    await anna.phoneReady()

    // As people type it. The far end rings until the customer takes it.
    const customer = await stand.callee({ ringMs: 60_000 })
    await anna.dialBox.fill('8 (975) 012-45-67')
    await anna.button('call.dial').click()
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
    await anna.is('WRAP_UP')
    const comment = language === 'ru' ? 'Сама перезвонила' : 'Called her back'
    await anna.comment.fill(comment)
    await anna.finish()
    await anna.is('OFFLINE')

    // The office number, clicked on the card.
    await anna.lookUp('Котова', caller.name)
    await expect(anna.history.getByRole('listitem').first()).toContainText(comment)
    await expect(anna.history.getByRole('listitem').first()).toContainText(anna.word('history.call.OUTBOUND'))
    const office = await stand.callee()
    await anna.customer.getByRole('button', { name: /495 012-34-50/ }).click()
    await office.reaches('answered')
    await anna.is('TALKING')
    expect((await office.state()).events[0]?.detail).toContain('74950123450')
    await office.hears(operatorTone)
    await anna.hears(customerTone)
    // This time the customer ends it.
    await office.next()
    await anna.is('WRAP_UP')
    await anna.finish()
    await anna.is('OFFLINE')
  })
}

test('a customer who is busy, and one who is given up', async ({ stand, operator }) => {
  const anna = await operator('anna')
  await anna.signIn()
  await anna.phoneReady()
  await stand.callee({ code: 486 })
  await anna.dialBox.fill('+79750121905')
  await anna.button('call.dial').click()
  await anna.is('WRAP_UP')
  await expect(anna.history.getByRole('listitem').first()).toContainText(anna.word('result.BUSY'))
  await anna.finish()
  await anna.is('OFFLINE')
  await expect(anna.recent.getByRole('listitem').first()).toContainText(anna.word('result.BUSY'))

  // Given up by the operator while it rings: the customer's phone stops.
  const slow = await stand.callee({ ringMs: 60_000 })
  await anna.dialBox.fill('+79750121905')
  await anna.button('call.dial').click()
  await slow.reaches('called')
  await anna.button('call.hangUp').click()
  await slow.reaches('cancelled')
  await anna.is('WRAP_UP')
  await anna.finish()
  await expect(anna.recent.getByRole('listitem').first()).toContainText(anna.word('result.CANCELLED'))
})
