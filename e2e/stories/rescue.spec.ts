import { agree } from '../support/agree.ts'
import { withoutGap } from '../support/continuity.ts'
import { Sockets } from '../support/sockets.ts'
import { customerTone, operatorTone, type Customer, type Stand } from '../support/stand.ts'
import { expect, test } from '../support/test.ts'
import { Workspace } from '../support/workspace.ts'

// Whatever happens to the browser, the customer lives, hears music or the operator, and the pages say what is so.

test.setTimeout(120_000)

async function talk(stand: Stand, anna: Workspace): Promise<Customer> {
  const customer = await stand.call({ from: stand.caller('exact').number })
  await anna.rings(20_000)
  await anna.answer()
  await customer.hears(operatorTone)
  return customer
}

test('a browser is killed in a talk: music at once, and the same operator is back in the call with all that was written', async ({ stand, operator, ownBrowser }) => {
  const vera = await operator('vera')
  await vera.signIn()
  const doomed = await ownBrowser()
  const anna = await operator('anna', { in: doomed })
  await anna.startWork()
  const customer = await talk(stand, anna)
  await anna.topic('Billing › Invoice').click()
  await anna.comment.fill('wants the invoice of May')
  await expect(anna.page.getByText(/^saved /)).toBeVisible()

  await doomed.kill()
  await customer.hearsMusic(5000)
  await vera.sees('Anna Sokolova', 'stage.rescuing', 5000)

  // Whoever talked does not have to answer again.
  const again = await operator('anna')
  await again.signIn()
  await customer.hears(operatorTone, 20_000)
  await again.hears(customerTone)
  await agree(stand, [again], [vera])
  await expect(again.customer.getByRole('heading', { name: stand.caller('exact').name })).toBeVisible()
  await expect(again.topic('Billing › Invoice')).toBeChecked()
  await expect(again.comment).toHaveValue('wants the invoice of May')

  await again.button('call.hangUp').click()
  await customer.reaches('ended')
  await again.is('WRAP_UP')
  await agree(stand, [again], [vera])
  await again.finish()
  await again.is('READY')
})

test('every page of the operator is reloaded in a talk, the phone window too: the same call goes on', async ({ stand, operator }) => {
  const anna = await operator('anna', { phone: 'window' })
  const opened = anna.context.waitForEvent('page')
  await anna.signIn()
  const phone = new Workspace(await opened, anna.language, anna.person, anna.url)
  await anna.phoneReady(20_000)
  await anna.choose('READY')
  const customer = await talk(stand, anna)
  await phone.hears(customerTone)

  phone.page.on('dialog', (question) => void question.accept()) // yes, in the middle of a talk
  await Promise.all([phone.page.reload(), anna.page.reload()])
  await customer.hears(operatorTone, 20_000)
  await expect.poll(() => anna.context.pages().length, { message: 'one page and one phone window', timeout: 15_000 }).toBe(2)
  await anna.phoneReady(15_000)
  await agree(stand, [anna])
  await expect(anna.customer.getByRole('heading', { name: stand.caller('exact').name })).toBeVisible()
  expect(await customer.kinds()).not.toContain('ended')
  await anna.button('call.hangUp').click()
  await customer.reaches('ended')
  await anna.is('WRAP_UP')
  await agree(stand, [anna])
  await anna.finish()
})

test('the page loses its connections in a talk: the voice goes on, what cannot be done says so, and all is right again', async ({ stand, operator }) => {
  const vera = await operator('vera')
  await vera.signIn()
  const anna = await operator('anna')
  const sockets = new Sockets()
  await sockets.attach(anna.page)
  await anna.startWork()
  const customer = await talk(stand, anna)
  const id = (await anna.api('{ viewer { operator { id } } }')).data?.viewer.operator?.id ?? ''
  expect(await stand.asteriskCli('pjsip show contacts')).toContain(`op-${id}/`)

  await withoutGap(customer, async () => {
    await sockets.cut()
    await anna.phoneIs('reconnecting')
    await expect(anna.page.getByText(/everything is as of/)).toBeVisible()
    for (const key of ['call.hold', 'call.hangUp', 'call.transfer', 'call.mute']) {
      await expect(anna.button(key)).toHaveAttribute('aria-disabled', 'true')
      await expect(anna.button(key)).toHaveAccessibleDescription(anna.word('reason.behind'))
    }
    // The server has missed the phone as well, has listened, and has heard it.
    await expect.poll(async () => (await stand.asteriskCli('pjsip show contacts')).includes(`op-${id}/`)).toBe(false)
    await anna.hears(customerTone)
    await vera.sees('Anna Sokolova', 'presence.TALKING')
    sockets.mend()
    await anna.phoneReady(20_000)
    await expect(anna.page.getByText(/everything is as of/)).toBeHidden({ timeout: 20_000 })
    await anna.hears(customerTone)
  })
  await agree(stand, [anna], [vera])
  await anna.button('call.hold').click()
  await customer.hearsMusic()
  await agree(stand, [anna], [vera])
  await anna.button('call.resume').click()
  await customer.hears(operatorTone)
  await anna.button('call.hangUp').click()
  await customer.reaches('ended')
  await anna.is('WRAP_UP')
  await agree(stand, [anna], [vera])
  await anna.finish()
})

test('the microphone is forbidden in a talk: operator and supervisor are told, the call lives, and the voice is back with the permission', async ({ stand, operator, ownBrowser }) => {
  const vera = await operator('vera')
  await vera.signIn()
  await vera.page.goto(`${vera.url}/readiness`)
  const anna = await operator('anna', { in: await ownBrowser({ asks: true }) })
  await anna.startWork()
  const customer = await talk(stand, anna)
  const row = vera.page.getByRole('list', { name: vera.word('readiness.title') }).getByRole('listitem').filter({ hasText: anna.person.name })

  await anna.context.grantPermissions(['notifications'], { origin: anna.url }) // and nothing else
  await expect(anna.page.getByText(anna.word('microphone.denied.title'))).toBeVisible()
  await expect(row).toContainText(vera.word('check.problem.denied.title'))
  await anna.is('TALKING')
  await anna.hears(customerTone)
  expect(await customer.kinds()).not.toContain('ended')

  await anna.context.grantPermissions(['microphone', 'notifications'], { origin: anna.url })
  await customer.hears(operatorTone)
  await expect(anna.page.getByText(anna.word('microphone.denied.title'))).toBeHidden()
  await expect(row).not.toContainText(vera.word('check.problem.denied.title'))
  await agree(stand, [anna])
  await anna.button('call.hangUp').click()
  await customer.reaches('ended')
  await anna.is('WRAP_UP')
  await agree(stand, [anna])
  await anna.finish()
})
