import { operatorTone, Stand } from '../support/stand.ts'
import { expect, test } from '../support/test.ts'

test('several customers have the number: the operator chooses, and the choice is remembered', async ({ stand, operator }) => {
  const caller = stand.caller('several')
  const anna = await operator('anna')
  await anna.startWork()
  const customer = await stand.call({ from: caller.number })
  await anna.rings()
  const candidates = anna.customer.getByRole('list', { name: anna.word('match.candidates') })
  await expect(candidates.getByRole('listitem')).toHaveCount(2)
  await anna.answer()
  await candidates.getByRole('listitem').filter({ hasText: 'Богатырь-Авто' }).getByRole('button').click()
  await expect(anna.customer.getByRole('heading', { name: caller.name })).toBeVisible()
  await expect(anna.customer).toContainText('Богатырь-Авто')
  await customer.next()
  await anna.is('WRAP_UP')
  await anna.comment.fill('of the second company')
  await anna.finish()
  await anna.is('READY')

  // The next call needs no choice, and shows what the last one was about.
  const again = await stand.call({ from: caller.number })
  await anna.rings()
  await expect(anna.customer.getByRole('heading', { name: caller.name })).toBeVisible()
  await expect(anna.customer).toContainText('Богатырь-Авто')
  await expect(anna.customer).toContainText(anna.word('why.PERSON', { name: anna.person.name }))
  await expect(anna.history).toContainText('of the second company')
  await again.next()
  await anna.is('READY')
})

test('nobody has the number', async ({ stand, operator }) => {
  const anna = await operator('anna')
  await anna.startWork()
  const customer = await stand.call({ from: stand.caller('unknown').number })
  await anna.rings()
  await expect(anna.customer).toContainText(anna.word('match.none'))
  await expect(anna.customer).toContainText('+7 975 012-99-99')
  await anna.answer()

  // Found by name instead, and remembered for the number from now on.
  await anna.customer.getByRole('button', { name: anna.word('match.findAndLink') }).click()
  const dialog = anna.page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: anna.word('link.search') }).fill('Лебедева')
  await dialog.getByRole('list', { name: anna.word('link.results') }).getByRole('button').filter({ hasText: 'Лебедева' }).first().click()
  await expect(anna.customer.getByRole('heading', { name: stand.caller('private').name })).toBeVisible()
  await customer.next()
  await anna.finish()
})

test('the number is withheld', async ({ stand, operator }) => {
  const anna = await operator('anna')
  await anna.startWork()
  const customer = await stand.call({ from: '' })
  await anna.rings()
  await expect(anna.customer).toContainText(anna.word('match.anonymous'))
  await anna.answer()
  await customer.hears(operatorTone)
  await customer.next()
  await anna.finish()
})

test.describe('1C in trouble', () => {
  // It is left alone for a while after trouble, longest after a refused password. A new process knows of none.
  test.afterAll(async ({ standInfo }) => {
    const stand = new Stand(standInfo)
    await stand.oneC()
    await stand.pult('restart')
  })

  test('1C is silent: the phone rings no later, and the card says so', async ({ stand, operator }) => {
    const anna = await operator('anna')
    await anna.startWork()
    await stand.oneC({ delayMs: 30_000 })
    const customer = await stand.call({ from: '+79750120215' })
    await anna.rings() // long before 1C gives an answer
    await anna.answer()
    await customer.hears(operatorTone)
    await expect(anna.customer).toContainText(anna.word('match.silent', { system: '1C' }))
    await stand.oneC()
    await anna.customer.getByRole('button', { name: anna.word('match.askAgain') }).click()
    await expect(anna.customer).not.toContainText(anna.word('match.silent', { system: '1C' }))
    await customer.next()
    await anna.finish()
  })

  for (const [i, mode] of (['html', '500', 'truncated', 'closed', '401'] as const).entries()) {
    test(`1C answers badly (${mode}): a designed state, and the call goes on`, async ({ stand, operator }) => {
      const anna = await operator('anna')
      await anna.startWork()
      await stand.oneC({ mode })
      const customer = await stand.call({ from: `+7975012030${i}` })
      await anna.rings(3000)
      await expect(anna.customer).toContainText(anna.word('match.silent', { system: '1C' }))
      await anna.answer()
      await customer.hears(operatorTone)
      await customer.next()
      await anna.finish()
    })
  }
})
