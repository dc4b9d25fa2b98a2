import { expect, test } from '../support/test.ts'

// The link-rate desk, over the real way: a call that nobody could link, a person who does, and the next call of the same number.

test('an unknown number is linked by a supervisor, and its next call shows the customer with the ring', async ({ stand, operator }) => {
  const [from, shown] = ['+79750129977', '+7 975 012-99-77']
  const known = stand.caller('private')
  const vera = await operator('vera')
  await vera.signIn()
  // Nobody is there to answer: the caller gives up.
  const stranger = await stand.call({ from })
  await stranger.hearsMusic()
  await stranger.next()
  await stranger.reaches('hungup')

  const work = vera.page.getByRole('list', { name: vera.word('links.work') })
  const row = work.getByRole('listitem').filter({ hasText: shown })
  await expect(async () => {
    await vera.page.goto(`${vera.url}/links`) // the record of the call comes a moment after its end
    await expect(row).toContainText(vera.word('result.ABANDONED'), { timeout: 3000 })
  }).toPass()
  await expect(vera.page.getByRole('region', { name: vera.word('links.byQueue') }).getByRole('row').last()).toContainText(/\d+\s*%/)
  await row.getByRole('button', { name: vera.word('links.findFor', { number: shown }) }).click()
  const dialog = vera.page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: vera.word('link.search') }).fill('Лебедева')
  await dialog.getByRole('list', { name: vera.word('link.results') }).getByRole('button').filter({ hasText: known.name }).first().click()
  await expect(row.getByRole('status')).toContainText(vera.word('links.linkedTo', { name: known.name }))

  const anna = await operator('anna')
  await anna.startWork()
  const again = await stand.call({ from })
  await anna.rings()
  await expect(anna.customer.getByRole('heading', { name: known.name })).toBeVisible()
  await expect(anna.customer).toContainText(anna.word('why.PERSON', { name: vera.person.name }))
  // The call of before is theirs as well.
  await expect(anna.history).toContainText(anna.word('result.ABANDONED'))

  // It was a mistake: the card of the call that is led loses them, too.
  await anna.answer()
  await row.getByRole('button', { name: vera.word('links.undo') }).click()
  await expect(row.getByRole('status')).toContainText(vera.word('links.undone'))
  await expect(anna.customer.getByRole('heading', { name: known.name })).toBeHidden()
  await expect(anna.customer).toContainText(anna.word('match.none'))
  await again.next()
  await anna.finish()
  await vera.page.reload()
  await expect(row).toBeVisible()
})
