// Customer systems of the small world, and the server's answers about them.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { at, number, type Plain } from './world-parts.ts'

const folder = join(import.meta.dirname, '../../../connectors')
const schemaOf = (kind: string): unknown => JSON.parse(readFileSync(join(folder, kind, 'schema.json'), 'utf8'))

const plain = {
  origin: 'WEB',
  config: {},
  secrets: [],
  index: true,
  version: 1,
  updatedAt: at(3 * 86_400),
  updatedBy: { __typename: 'Operator', id: 'op1', name: 'Алексей Иванов' },
  state: 'UP',
  since: at(5000),
  failingSince: null,
  problem: '',
}

/** What an administrator finds at first. */
export const makeConnectors = (): Plain[] => [
  {
    ...plain,
    id: '1c',
    kind: 'onec',
    name: '1С Управление торговлей',
    origin: 'FILE',
    config: null,
    version: 0,
    updatedAt: null,
    updatedBy: null,
  },
  {
    ...plain,
    id: 'bitrix',
    kind: 'httpjson',
    name: 'Битрикс24',
    config: { preset: 'bitrix24-webhook', base_url: 'https://romashka.bitrix24.ru/rest/1' },
    secrets: ['auth.token'],
    version: 4,
    state: 'DOWN',
    failingSince: at(1260),
    problem: 'the server does not answer',
  },
  {
    ...plain,
    id: 'price-list',
    kind: 'csvfile',
    name: 'Прайс-лист',
    config: { path: '/srv/customers.csv', columns: { id: 'Код', phone: 'Телефон' } },
    state: 'DISABLED',
    since: null,
  },
]

const kinds = [
  {
    name: 'csvfile',
    schema: schemaOf('csvfile'),
    secretsStay: [],
    presets: [],
  },
  {
    name: 'httpjson',
    schema: schemaOf('httpjson'),
    secretsStay: ['title'],
    presets: [
      {
        name: 'bitrix24-webhook',
        title: 'Bitrix24 (incoming webhook)',
        config: { auth: { kind: 'path' }, settings: { language: 'ru', responsible: '1' } },
      },
      {
        name: 'odoo-rpc',
        title: 'Odoo 14 to 18 (JSON-RPC)',
        config: {
          auth: { kind: 'none' },
          settings: { database: null, phones: ['phone', 'mobile'] },
          operations: { lookup: { body: '${.secrets.password}' } },
        },
      },
    ],
  },
  { name: 'onec', schema: schemaOf('onec'), secretsStay: ['user'], presets: [] },
]

const request = {
  method: 'GET',
  target:
    "https://1c.example.com/ut/odata/standard.odata/Catalog_Контрагенты?$filter=like(КонтактнаяИнформация/НомерТелефона, '%…%')",
  status: 200,
  bytes: 2841,
  rows: 0,
  at: 0.001,
  took: 0.084,
  problem: '',
}
const trial = { ok: true, problem: '', code: '', took: 0.112, more: 0, requests: [request] }
const failed = {
  ...trial,
  ok: false,
  problem: 'the user name or password was refused',
  code: 'UNAUTHENTICATED',
  requests: [{ ...request, status: 401, bytes: 0 }],
}

const record = {
  type: 'Catalog_КонтактныеЛицаПартнеров',
  id: '7f2c',
  kind: 'PERSON',
  name: 'Котова Мария Сергеевна',
  company: 'ООО «Василёк»',
  taxId: '',
  emails: ['maria@vasilek.example'],
  responsible: 'И. Орлов',
  url: 'https://1c.example.com/ut/#e1cib/data/x',
  why: 'EXACT',
  also: ['OPEN'],
  place: 1,
  leftOut: null,
  phones: [
    {
      raw: '8 (916) 123-45-67, (495) 123-45-67 доб. 12',
      label: 'Мобильный',
      numbers: [
        { why: 'EXACT', number: number('+79161234567', '+7 916 123-45-67') },
        { why: null, number: number('+74951234567', '+7 495 123-45-67') },
      ],
    },
  ],
}
const other = {
  ...record,
  id: '91aa',
  name: 'Петров Пётр',
  company: '',
  also: [],
  why: null,
  place: null,
  leftOut: 'NUMBER',
  phones: [
    {
      raw: '8 926 123-45-67',
      label: 'Телефон',
      numbers: [{ why: null, number: number('+79261234567', '+7 926 123-45-67') }],
    },
  ],
}

const refuse = (code: string, message: string, fields?: Plain) =>
  Object.assign(new Error(message), { extensions: { code, fields } })

/** What the server refuses a draft for. */
function check({ name, config, secrets }: Plain): void {
  if (name === '') throw refuse('BAD_USER_INPUT', 'name: is required', { name: 'is required' })
  const { base_url: address } = config as Plain
  if (typeof address === 'string' && !address.startsWith('http'))
    throw refuse('BAD_USER_INPUT', 'base_url: is no address', { 'config.base_url': 'is no address' })
  if ((secrets as Plain[] | null)?.some(({ value }) => String(value).startsWith('env:')))
    throw refuse('BAD_USER_INPUT', 'password: must be the secret itself', {
      'config.password': 'must be the secret itself',
    })
}

const wrongPassword = ({ draft }: Plain) =>
  ((draft as Plain | null)?.['secrets'] as Plain[] | undefined)?.some(({ value }) => value === 'wrong')

interface Asked {
  input: Plain
}

/** Answers about connectors, from a world's list. */
export const connectorAnswers = (listOf: (context: unknown) => Plain[]) => ({
  Query: {
    connectors: (_: unknown, __: unknown, context: unknown) => listOf(context),
    connectorKinds: () => kinds,
  },
  Mutation: {
    upsertConnector: (_: unknown, { input }: Asked, context: unknown) => {
      const draft = input['connector'] as Plain
      check(draft)
      const all = listOf(context)
      const place = all.findIndex(({ id }) => id === draft['id'])
      const before = all[place]
      if ((before?.['version'] ?? 0) !== draft['version']) throw refuse('CONFLICT', 'somebody else was faster')
      const given = (draft['secrets'] as Plain[] | null) ?? []
      const connector = {
        ...plain,
        ...draft,
        secrets: given.length > 0 ? given.map(({ path }) => path) : (before?.['secrets'] ?? []),
        version: Number(draft['version']) + 1,
        state: draft['disabled'] === true ? 'DISABLED' : 'UNKNOWN',
        since: null,
      }
      if (before) all[place] = connector
      else all.push(connector)
      return { connector }
    },
    switchConnector: (_: unknown, { input }: Asked, context: unknown) => {
      const all = listOf(context)
      const place = all.findIndex(({ id }) => id === input['id'])
      const before = all[place]
      if (!before || before['version'] !== input['version']) throw refuse('CONFLICT', 'somebody else was faster')
      const disabled = input['disabled'] === true
      const connector = {
        ...before,
        version: Number(input['version']) + 1,
        state: disabled ? 'DISABLED' : 'UNKNOWN',
        since: null,
        failingSince: null,
        problem: '',
      }
      all[place] = connector
      return { connector }
    },
    deleteConnector: (_: unknown, { input }: Asked, context: unknown) => {
      const all = listOf(context)
      all.splice(
        all.findIndex(({ id }) => id === input['id']),
        1,
      )
      return { id: input['id'] }
    },
    testConnector: (_: unknown, { input }: Asked) => {
      if (input['draft']) check({ ...(input['draft'] as Plain), name: 'x' })
      const wrong = wrongPassword(input)
      return {
        checked: true,
        version: wrong ? '' : '8.3.25',
        capabilities: ['CHECK', 'GET', 'INDEX'],
        trial: wrong ? failed : trial,
      }
    },
    tryConnector: (_: unknown, { input }: Asked) =>
      wrongPassword(input)
        ? {
            number: number('', ''),
            match: { state: 'FAILED', candidates: [], problem: '', asked: [] },
            found: [],
            trial: failed,
          }
        : {
            number: number('+79161234567', '+7 916 123-45-67'),
            match: { state: 'FOUND', candidates: [], chosen: { id: '1', name: record.name }, problem: '', asked: [] },
            found: [record, other],
            trial,
          },
  },
})
