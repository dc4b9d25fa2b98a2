import { screen, waitFor, within } from '@testing-library/react'
import { expect, test } from 'vitest'
import { renderApp } from '@/testing/app'

const sent = (asked: { name: string; variables: Record<string, unknown> }[], name: string) =>
  asked.filter((one) => one.name === name).map(({ variables }) => variables)

test('an administrator sees how every system is, and since when it fails', async () => {
  await renderApp('admin', { path: '/connectors' })
  const list = await screen.findByRole('list', { name: 'Customer systems' })
  const rows = within(list).getAllByRole('listitem')
  expect(rows.map((row) => row.dataset['state'])).toEqual(['UP', 'DOWN', 'DISABLED'])
  expect(rows[0]).toHaveTextContent('1C:Enterprise · 1cWellconfiguration file')
  expect(rows[1]).toHaveTextContent(/Does not answer2\d:\d\dthe server does not answer/)
})

test('nobody else gets there', async () => {
  await renderApp('supervisor', { path: '/connectors' })
  await waitFor(() => expect(window.location.pathname).toBe('/'))
  expect(screen.queryByRole('list', { name: 'Customer systems' })).not.toBeInTheDocument()
})

test('a system is typed, tested, tried and saved', async () => {
  const { user, asked } = await renderApp('admin', { path: '/connectors/new/onec' })
  await user.type(await screen.findByLabelText(/^Name/), 'Base')
  await user.type(screen.getByLabelText(/^Address of the published base/), 'https://1c.example.com/ut')
  await user.type(screen.getByLabelText(/^1C user/), 'pult')
  await user.type(screen.getByLabelText(/^Password/), 'wrong')
  await user.click(screen.getByRole('button', { name: 'Test connection' }))
  expect(await screen.findByText(/We are not let in/)).toBeInTheDocument()
  expect(screen.getByText('401')).toBeInTheDocument()

  await user.clear(screen.getByLabelText(/^Password/))
  await user.type(screen.getByLabelText(/^Password/), 'right')
  await user.click(screen.getByRole('button', { name: 'Test connection' }))
  expect(await screen.findByText(/The system lets us in/)).toBeInTheDocument()
  expect(screen.getByText(/look numbers up, check itself, show a record, list everybody/)).toBeInTheDocument()

  await user.type(screen.getByLabelText("A customer's number"), '8 916 123-45-67')
  await user.click(screen.getByRole('button', { name: 'Look up' }))
  expect(await screen.findByText('The card shows: Котова Мария Сергеевна.')).toBeInTheDocument()
  const [first, second] = within(screen.getByRole('list', { name: 'Records that came' })).getAllByRole('listitem', {
    name: '',
  }) as [HTMLElement, HTMLElement]
  expect(first).toHaveTextContent('the number fits, has open business')
  expect(second).toBeDefined()
  expect(screen.getByText("left out: none of its numbers is the caller's")).toBeInTheDocument()
  expect(sent(asked, 'UpsertConnector')).toEqual([])

  await user.click(screen.getByRole('button', { name: 'Save' }))
  await screen.findByRole('list', { name: 'Customer systems' })
  const draft = {
    id: 'onec',
    kind: 'onec',
    name: 'Base',
    config: { base_url: 'https://1c.example.com/ut', user: 'pult' },
    secrets: [{ path: 'password', value: 'right' }],
    index: true,
    disabled: false,
    version: 0,
  }
  expect(sent(asked, 'UpsertConnector')).toEqual([{ connector: draft }])
  expect(sent(asked, 'TryConnector')).toEqual([{ input: { draft, number: '8 916 123-45-67' } }])
  expect(await screen.findByRole('link', { name: 'Base' })).toBeInTheDocument()
})

test('what the server refuses is told at its field, and everything typed is kept', async () => {
  const { user } = await renderApp('admin', { path: '/connectors/new/onec' })
  await user.type(await screen.findByLabelText(/^Name/), 'Base')
  const address = screen.getByLabelText(/^Address of the published base/)
  await user.type(address, 'ftp://1c')
  await user.type(screen.getByLabelText(/^1C user/), 'pult')
  await user.type(screen.getByLabelText(/^Password/), 'env:X')
  await user.click(screen.getByRole('button', { name: 'Save' }))
  await waitFor(() => expect(address).toHaveAccessibleDescription(/is no address/))
  expect(address).toHaveValue('ftp://1c')
  await user.clear(address)
  await user.type(address, 'http://1c')
  await user.click(screen.getByRole('button', { name: 'Save' }))
  await waitFor(() => expect(screen.getByLabelText(/^Password/)).toHaveAccessibleDescription(/Type the secret itself/))
  expect(address).not.toHaveAccessibleDescription(/is no address/)
})

test('a secret is never shown: it stays, is replaced, or taken away', async () => {
  const { user, asked } = await renderApp('admin', { path: '/connectors/bitrix' })
  const token = await screen.findByLabelText(/^Token or key/)
  expect(token).toHaveValue('')
  expect(token).toHaveAttribute('placeholder', 'Set; type to replace')
  await user.click(screen.getByRole('button', { name: 'Save' }))
  await waitFor(() => expect(sent(asked, 'UpsertConnector')).toHaveLength(1))
  expect(sent(asked, 'UpsertConnector')[0]).toMatchObject({ connector: { secrets: [], version: 4 } })

  await user.click(await screen.findByRole('link', { name: 'Битрикс24' }))
  await user.click(await screen.findByRole('button', { name: 'Remove' }))
  expect(screen.getByLabelText(/^Token or key/)).toHaveAttribute('placeholder', 'Will be removed')
  await user.click(screen.getByRole('button', { name: 'Save' }))
  await waitFor(() => expect(sent(asked, 'UpsertConnector')).toHaveLength(2))
  expect(sent(asked, 'UpsertConnector')[1]).toMatchObject({
    connector: { secrets: [{ path: 'auth.token', value: null }], version: 5 },
  })
})

test('a preset says what is to be given', async () => {
  const { user, asked } = await renderApp('admin', { path: '/connectors/new/httpjson' })
  await user.click(await screen.findByRole('combobox', { name: /^System/ }))
  await user.click(await screen.findByRole('option', { name: 'Odoo 14 to 18 (JSON-RPC)' }))
  await user.type(screen.getByLabelText(/^Database/), 'crm')
  const phones = screen.getByLabelText(/^Fields with numbers/)
  await user.type(phones, 'phone, mobile_2,') // a comma more, as it stands while the next is typed
  expect(phones).toHaveValue('phone, mobile_2,')
  await user.type(screen.getByLabelText('Further secret: password'), 'key')
  await user.click(screen.getByRole('button', { name: 'Test connection' }))
  await screen.findByText(/The system lets us in/)
  expect(sent(asked, 'TestConnector')).toMatchObject([
    {
      input: {
        draft: {
          config: { preset: 'odoo-rpc', settings: { database: 'crm', phones: ['phone', 'mobile_2'] } },
          secrets: [{ path: 'secrets.password', value: 'key' }],
        },
      },
    },
  ])
})

test('what no form can hold is YAML, and what is none is not sent', async () => {
  const { user, asked } = await renderApp('admin', { path: '/connectors/price-list' })
  const columns = await screen.findByLabelText(/^Which heading means what/)
  expect(columns).toHaveValue('id: Код\nphone: Телефон\n')
  await user.clear(columns)
  await user.click(columns)
  await user.paste('id: Код\nphone: [Телефон')
  expect(columns).toHaveAccessibleDescription(/look at line 2/)
  expect(screen.getByRole('button', { name: 'Save' })).toBeDisabled()
  await user.clear(columns)
  await user.paste('{"id": "Номер"}')
  await user.click(screen.getByRole('button', { name: 'Save' }))
  await waitFor(() => expect(sent(asked, 'UpsertConnector')).toHaveLength(1))
  expect(sent(asked, 'UpsertConnector')[0]).toMatchObject({
    connector: { disabled: true, config: { path: '/srv/customers.csv', columns: { id: 'Номер' } } },
  })
})

test('a connection is switched off as it is stored, and what is half typed stays where it is', async () => {
  const { user, asked, world } = await renderApp('admin', { path: '/connectors/bitrix' })
  const address = await screen.findByLabelText(/^Address of the system/)
  await user.clear(address)
  await user.type(address, 'ht')
  await user.click(screen.getByRole('button', { name: 'Switch off' }))
  await screen.findByRole('button', { name: 'Switch on' })
  expect(sent(asked, 'UpsertConnector')).toEqual([])
  expect(sent(asked, 'SwitchConnector')).toEqual([{ id: 'bitrix', disabled: true, version: 4 }])
  expect(world.connectors.find(({ id }) => id === 'bitrix')?.['config']).toMatchObject({
    base_url: 'https://romashka.bitrix24.ru/rest/1',
  })
  expect(address).toHaveValue('ht')
  await user.type(address, 'tps://crm.example.com')
  await user.click(screen.getByRole('button', { name: 'Save' }))
  await waitFor(() =>
    expect(sent(asked, 'UpsertConnector')).toMatchObject([{ connector: { version: 5, disabled: true } }]),
  )
})

test('another way in takes the secret of the former one away', async () => {
  const { user, asked } = await renderApp('admin', { path: '/connectors/bitrix' })
  await user.click(await screen.findByRole('combobox', { name: /^Way/ }))
  await user.click(await screen.findByRole('option', { name: 'User and password' }))
  await user.type(screen.getByLabelText(/^User/), 'pult')
  await user.type(screen.getByLabelText(/^Password/), 'secret')
  await user.click(screen.getByRole('button', { name: 'Save' }))
  await waitFor(() => expect(sent(asked, 'UpsertConnector')).toHaveLength(1))
  expect(sent(asked, 'UpsertConnector')[0]).toMatchObject({
    connector: {
      secrets: [
        { path: 'auth.password', value: 'secret' },
        { path: 'auth.token', value: null },
      ],
    },
  })
})

test('a document that cannot be read and is no longer shown keeps nobody from saving', async () => {
  const { user } = await renderApp('admin', { path: '/connectors/bitrix' })
  await user.click(await screen.findByRole('combobox', { name: /^Way/ }))
  await user.click(await screen.findByRole('option', { name: 'OAuth 2.0, client credentials' }))
  await user.click(screen.getByLabelText(/^More parameters/))
  await user.paste('audience: [x')
  expect(screen.getByRole('button', { name: 'Save' })).toBeDisabled()
  await user.click(screen.getByRole('combobox', { name: /^Way/ }))
  await user.click(await screen.findByRole('option', { name: 'Key in the path (webhook)' }))
  expect(screen.queryByLabelText(/^More parameters/)).not.toBeInTheDocument()
  expect(screen.getByRole('button', { name: 'Save' })).toBeEnabled()
})

test('a Russian page is Russian: settings of a preset, and what the server finds wrong', async () => {
  const { user } = await renderApp('admin', { path: '/connectors/bitrix', language: 'ru' })
  expect(await screen.findByLabelText(/^Ответственный по умолчанию/)).toBeInTheDocument()
  expect(screen.getByRole('combobox', { name: /^Система/ })).toHaveValue('Битрикс24 (входящий вебхук)')
  const address = screen.getByLabelText(/^Адрес системы/)
  await user.clear(address)
  await user.type(address, 'ftp://crm')
  await user.click(screen.getByRole('button', { name: 'Сохранить' }))
  await waitFor(() => expect(address).toHaveAccessibleDescription(/Это не адрес/))
  expect(screen.getByRole('alert')).toHaveTextContent('Исправьте отмеченное.')
  expect(address).toHaveFocus() // what is wrong is in sight
  expect(screen.getByText('сервер не отвечает')).toBeInTheDocument()
})

test('who is late is told so', async () => {
  const { user, world } = await renderApp('admin', { path: '/connectors/bitrix' })
  await screen.findByLabelText(/^Token or key/)
  const stored = world.connectors.find(({ id }) => id === 'bitrix')
  Object.assign(stored ?? {}, { version: 9 })
  await user.click(screen.getByRole('button', { name: 'Save' }))
  expect(await screen.findByText(/Somebody else has changed this connection/)).toBeInTheDocument()
})

test('a connection is deleted after a question', async () => {
  const { user, asked } = await renderApp('admin', { path: '/connectors/price-list' })
  await user.click(await screen.findByRole('button', { name: 'Delete' }))
  const dialog = await screen.findByRole('dialog', { name: 'Delete “Прайс-лист”?' })
  expect(sent(asked, 'DeleteConnector')).toEqual([])
  await user.click(within(dialog).getByRole('button', { name: 'Delete' }))
  await waitFor(() => expect(sent(asked, 'DeleteConnector')).toEqual([{ id: 'price-list', version: 1 }]))
  await waitFor(() => expect(screen.queryByRole('link', { name: 'Прайс-лист' })).not.toBeInTheDocument())
})

test('one of the configuration file is tried and not changed', async () => {
  const { user, asked } = await renderApp('admin', { path: '/connectors/1c' })
  await user.click(await screen.findByRole('button', { name: 'Test connection' }))
  expect(await screen.findByText(/The system lets us in/)).toBeInTheDocument()
  expect(sent(asked, 'TestConnector')).toEqual([{ input: { id: '1c' } }])
  expect(screen.getByText(/With the settings of the configuration file/)).toBeInTheDocument()
  expect(screen.queryByRole('button', { name: 'Save' })).not.toBeInTheDocument()
})
