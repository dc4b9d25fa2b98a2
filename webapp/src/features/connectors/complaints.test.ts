import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import en from '@/locales/pages.en.json'
import ru from '@/locales/pages.ru.json'
import { complaintKeys, complaintOf } from './complaints'

const root = join(import.meta.dirname, '../../../..')

/** Go files of the kinds that are configured here, without tests and what only the configuration file has. */
const sources = [
  'connectors/onec',
  'connectors/httpjson',
  'connectors/csvfile',
  'connectors/internal',
  'internal/workbench',
]
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(root, folder, name)),
  )
  .filter((name) => /(?<!_test)\.go$/u.test(name) && !/sim\/|onec\/(?:calls|create|newcontact|task)\.go$/u.test(name))

/** Every sentence that the server may say of a setting, with samples in the place of what is put in. */
const sentences = sources.flatMap((name) =>
  readFileSync(name, 'utf8')
    .split('\n')
    .filter((line) => /Field\(/u.test(line) && !/"calls\.|"key"|"number"|"auth\.keep", "cannot/u.test(line))
    .flatMap((line) => [...line.matchAll(/"((?:[^"\\]|\\.)*)"/gu)].map(([, text = '']) => text))
    .filter((text) => text.includes(' ') && text !== 'reading configuration')
    .filter((text) => !/^; |^, |^max_|^json: |^%s: |there is nothing to resolve|^ is not|^ has changed/u.test(text))
    .map((text) =>
      text
        .replaceAll('%q', '"Имя"')
        .replaceAll('%d', '1200')
        .replace(/is unknown%s$/u, 'is unknown; did you mean base_url?')
        .replaceAll('%s', 'basic'),
    ),
)

test('every complaint of the server has words here', () => {
  expect(sentences.length).toBeGreaterThan(40)
  expect(sentences.filter((one) => complaintOf(one) === null)).toEqual([])
})

test('and they are in both languages', () => {
  for (const { connectors } of [en, ru])
    expect(Object.keys(connectors.wrong).sort()).toEqual([...complaintKeys, 'other'].sort())
})

test.each([
  ['must be given again, because base_url has changed: a stored …', 'newSecretMoved', { field: 'base_url' }],
  ['10.0.0.0/8 is not permitted here; whoever runs …', 'network', { network: '10.0.0.0/8' }],
  ['is no address; write it like https://crm.example.com', 'like', { example: 'https://crm.example.com' }],
  ['"5 min" is no length of time; write it like 500ms, 10s or 5m', 'like', { example: '500ms, 10s or 5m' }],
  ['"a" is unknown; did you mean auto?', 'meant', { value: 'a', meant: 'auto' }],
  ['is unknown; did you mean max_connections?', 'meantHere', { meant: 'max_connections' }],
  ['must be auto, direct or two_step', 'oneOf', { known: 'auto, direct or two_step' }],
])('%s', (words, key, about) => {
  expect(complaintOf(words)).toEqual({ key, about })
})

test('what is the expression’s own is left as it is', () => {
  expect(complaintOf('jq: unexpected token "}"')).toBeNull()
})
