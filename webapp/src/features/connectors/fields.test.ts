import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  fieldsOf,
  freeId,
  isShown,
  secretNames,
  unplaced,
  valueAt,
  valueInForce,
  withValue,
  wrongAt,
  type Field,
} from './fields'

const schemaOf = (path: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../../../../connectors', path), 'utf8'))
const httpjson = fieldsOf(schemaOf('httpjson/schema.json'))

function named(fields: readonly Field[], name: string): Field {
  const found = fields.flatMap((field) => [field, ...field.fields]).find((field) => field.name === name)
  if (!found) throw new Error(`no field ${name}`)
  return found
}

test.each([
  ['preset', 'choice'],
  ['base_url', 'text'],
  ['networks', 'list'],
  ['auth', 'section'],
  ['auth.token', 'secret'],
  ['secrets', 'secrets'],
  ['settings', 'settings'],
  ['limits.requests', 'number'],
  ['headers', 'document'],
  ['errors', 'document'],
  ['operations', 'document'],
])('%s is shown as %s', (name, kind) => {
  expect(named(httpjson, name).kind).toBe(kind)
})

test('what is for the configuration file is left out', () => {
  expect(httpjson.flatMap(({ fields }) => fields.map(({ name }) => name))).not.toContain('auth.keep')
})

test('words, defaults and examples come from the schema', () => {
  expect(named(httpjson, 'base_url')).toMatchObject({
    title: 'Address of the system',
    required: true,
    example: 'https://crm.example.com',
  })
  expect(named(httpjson, 'auth.token').example).toBe('') // a reference is for the file
  expect(named(httpjson, 'auth.credentials')).toMatchObject({ choices: ['body', 'basic'], fallback: 'body' })
  expect(named(fieldsOf(schemaOf('csvfile/schema.json')), 'max_bytes').title).toBe('max bytes')
  expect(fieldsOf({ properties: { on: { type: 'boolean' }, any: {} } }).map(({ kind }) => kind)).toEqual([
    'flag',
    'document',
  ])
  expect(fieldsOf(null)).toEqual([])
})

test('values are set and taken away without leaving empty sections', () => {
  const one = withValue({ base_url: 'https://a' }, ['auth', 'user'], 'pult')
  expect(one).toEqual({ base_url: 'https://a', auth: { user: 'pult' } })
  expect(valueAt(one, ['auth', 'user'])).toBe('pult')
  expect(valueAt(one, ['base_url', 'deeper'])).toBeUndefined()
  expect(withValue(one, ['auth', 'user'], '')).toEqual({ base_url: 'https://a' })
  expect(withValue({ networks: ['a'] }, ['networks'], [])).toEqual({})
  expect(withValue({}, ['limits', 'requests'], 0)).toEqual({ limits: { requests: 0 } })
  expect(withValue({ a: 1 }, [], 'x')).toEqual({ a: 1 })
})

test('a field shows only where another has such a value, given, of the preset or by default', () => {
  const auth = named(httpjson, 'auth').fields
  const token = named(httpjson, 'auth.token')
  expect(isShown(token, auth, {}, {})).toBe(false)
  expect(isShown(token, auth, {}, { auth: { kind: 'bearer' } })).toBe(true)
  expect(isShown(token, auth, { auth: { kind: 'basic' } }, { auth: { kind: 'bearer' } })).toBe(false)
  expect(valueInForce(named(httpjson, 'auth.kind'), {}, {})).toBe('none')
})

test('secrets that a preset names are found in its document', () => {
  const body = { password: '${.secrets.password}', again: '${.secrets.password}', key: '${.secrets.api_key}' }
  expect(secretNames({ operations: { lookup: { body } } })).toEqual(['password', 'api_key'])
})

test('what the server finds wrong is told at its field, with where inside it', () => {
  const wrong = {
    'config.base_url': 'is no address',
    'config.operations.lookup.result': 'unexpected token',
    'config.errors[1].kind': 'is unknown',
    'config.secrets.password': 'must be given again',
    'config.nowhere': 'is unknown',
    id: 'is taken',
  }
  expect(wrongAt(named(httpjson, 'base_url'), wrong)).toBe('is no address')
  expect(wrongAt(named(httpjson, 'operations'), wrong)).toBe('operations.lookup.result: unexpected token')
  expect(wrongAt(named(httpjson, 'errors'), wrong)).toBe('errors[1].kind: is unknown')
  expect(wrongAt(named(httpjson, 'auth'), wrong)).toBeUndefined()
  expect(unplaced(httpjson, ['id', 'name'], wrong)).toEqual(['nowhere: is unknown'])
})

test('a new connector gets a name that is free', () => {
  expect(freeId('onec', [])).toBe('onec')
  expect(freeId('onec', ['onec', 'onec-2'])).toBe('onec-3')
  expect(freeId('Мой CRM!', [])).toBe('crm')
  expect(freeId('«»', [])).toBe('crm')
})
