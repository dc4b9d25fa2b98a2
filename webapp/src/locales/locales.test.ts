import { expect, test } from 'vitest'
import { localeProblems, pluralForms } from '../../scripts/locales'
import en from './en.json'
import ru from './ru.json'

test('both languages have the same words, with the plural forms of each', () => {
  expect(localeProblems({ en, ru })).toEqual([])
  expect(pluralForms('ru')).toEqual(['few', 'many', 'one', 'other'])
})

test('the check finds what is wrong', () => {
  const problems = localeProblems({
    en: { a: 'x', call_one: '{{count}} call', call_other: '{{count}} calls', gap: 'two  spaces' },
    ru: {
      call_one: '{{count}} звонок',
      call_few: '{{count}} звонка',
      call_many: 'звонков',
      call_other: '{{count}} звонка',
      gap: '',
    },
  })
  expect(problems).toEqual(['en: gap has spaces to spare', 'ru: a is missing', 'ru: gap is empty'])
})

test('Russian words are Russian: no Latin letters but names, keys and placeholders', () => {
  const allowed = /\{\{\w+\}\}|https|VPN|Wi-Fi|WebSocket|ICE|pult-echo|Echo\(\)|\(N\)|\b[MR]\b|\bMOS\b/gu
  const latin = Object.entries(flat(ru)).filter(([, text]) => /[a-z]/iu.test(text.replace(allowed, '')))
  expect(latin.map(([key]) => key)).toEqual([])
})

function flat(words: object, prefix = ''): Record<string, string> {
  return Object.fromEntries(
    Object.entries(words).flatMap(([key, value]) =>
      typeof value === 'string' ? [[prefix + key, value]] : Object.entries(flat(value as object, `${prefix}${key}.`)),
    ),
  )
}
