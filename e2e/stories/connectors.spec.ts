import { expect, test } from '../support/test.ts'

test('an administrator connects a CRM in the browser, and the next call shows its customer', async ({ stand, operator }) => {
  const { crm } = stand.info
  const gleb = await operator('gleb')
  await gleb.signIn()
  const { page } = gleb
  const field = (key: string) => page.getByLabel(gleb.word(`connectors.field.${key}`))

  // What is in the configuration file is shown; a second system is added.
  await page.goto(`${gleb.url}/connectors`)
  const list = page.getByRole('list', { name: gleb.word('connectors.title') })
  await expect(list.getByRole('listitem')).toContainText(['1C'])
  await page.getByRole('link', { name: gleb.word('connectors.add') }).click()
  await page.getByRole('link', { name: gleb.word('connectors.kind.httpjson') }).click()
  await page.getByLabel(gleb.word('connectors.name')).fill('EspoCRM')
  await page.getByRole('combobox', { name: gleb.word('connectors.field.httpjson_preset') }).click()
  await page.getByRole('option', { name: 'EspoCRM' }).click()
  await field('httpjson_base_url').fill(crm.url)

  // Tested and tried before it is saved.
  await field('httpjson_auth_token').fill('another key')
  await page.getByRole('button', { name: gleb.word('connectors.try.test') }).click()
  await expect(page.getByText(gleb.word('connectors.code.UNAUTHENTICATED'))).toBeVisible()
  await field('httpjson_auth_token').fill(crm.token)
  await page.getByRole('textbox', { name: gleb.word('connectors.try.number') }).fill(crm.number)
  await page.getByRole('button', { name: gleb.word('connectors.try.look') }).click()
  await expect(page.getByText(gleb.word('connectors.verdict.FOUND', { name: crm.name }))).toBeVisible()
  await expect(page.getByRole('table')).toContainText('/api/v1/Contact')
  await expect(page.getByRole('table')).not.toContainText(crm.token)
  await page.getByRole('button', { name: gleb.word('connectors.save') }).click()
  const row = list.getByRole('listitem').filter({ hasText: 'EspoCRM' })
  await expect(row).toContainText(gleb.word('connectors.state.UP'), { timeout: 15_000 })

  // No restart: the next call knows who calls.
  const anna = await operator('anna')
  await anna.startWork()
  const customer = await stand.call({ from: crm.number })
  await anna.rings()
  await expect(anna.customer.getByRole('heading', { name: crm.name })).toBeVisible()
  await expect(anna.customer).toContainText('EspoCRM')
  await anna.answer()

  // Taken away again, while the call goes on.
  await row.getByRole('link').click()
  await expect(field('httpjson_auth_token')).toHaveValue('')
  await page.getByRole('button', { name: gleb.word('connectors.delete') }).click()
  await page.getByRole('dialog').getByRole('button', { name: gleb.word('connectors.delete') }).click()
  await expect(row).toHaveCount(0)
  await expect(anna.customer.getByRole('heading', { name: crm.name })).toBeVisible()
  await customer.next()
  await anna.finish()
})
