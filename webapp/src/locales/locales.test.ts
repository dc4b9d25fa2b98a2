import { join } from 'node:path'
import { expect, test } from 'vitest'
import { flatten, localeProblems, pluralForms } from '../../scripts/locales'
import { placeProblems, shippedCode } from '../../scripts/uses'
import en from './en.json'
import pagesEn from './pages.en.json'
import pagesRu from './pages.ru.json'
import ru from './ru.json'

test('both languages have the same words, with the plural forms of each', () => {
  expect(localeProblems({ en, ru })).toEqual([])
  expect(localeProblems({ en: pagesEn, ru: pagesRu })).toEqual([])
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

test('the workspace has its words at once, and pages beside it bring their own', () => {
  const code = shippedCode(join(import.meta.dirname, '..'))
  expect(code.workspace).toContain('function Workspace()')
  expect(code.workspace).toContain('function PhoneWindow()')
  expect(code.workspace).not.toContain('function CheckPage(')
  expect(placeProblems({ workspace: flatten(en).keys(), pages: flatten(pagesEn).keys() }, code)).toEqual([])
})

test('a word in the file of the wrong part is found', () => {
  const code = {
    workspace: "t('call.answer') t(`stage.${stage}`)",
    all: "t('call.answer') t(`stage.${stage}`) t('help.keys')",
  }
  expect(placeProblems({ workspace: ['call.answer', 'stage.over'], pages: ['help.keys'] }, code)).toEqual([])
  expect(placeProblems({ workspace: ['help.keys', 'gone'], pages: ['call.answer', 'lost'] }, code)).toEqual([
    'help.keys is of pages only and belongs into pages.*.json',
    'gone is not used',
    'call.answer is used by the workspace, which does not load pages.*.json',
    'lost is not used',
  ])
})

test('Russian words are Russian: no Latin letters but names, keys and placeholders', () => {
  const names =
    /Pult|CRM|Odoo|HubSpot|SuiteCRM|amoCRM|Kommo|Wi-Fi|Bearer|docs\/connectors\/httpjson\.md|pult-echo|Echo\(\)|\(N\)/u
  const terms =
    /https?|VPN|WebSocket|ICE|SQL|REST|RPC|API|CSV|OData|YAML|JSON|ERP|OAuth|\bjq\b|\bscope\b|\b[MRV]\d?\b|\bMOS\b/u
  // What is written in a configuration stands there in these letters.
  const settings =
    /\bid, name, phone|log_calls|missed_call_tasks|\benv:|\b(?:check|lookup|auto|parent|true|false|steps|path|result|odata|soql|sosl|lucene|like)\b|web_connectors\.\w+|\bparent_entity\b/u
  const allowed = new RegExp([/\{\{\w+\}\}/u, names, terms, settings].map((r) => r.source).join('|'), 'gu')
  const latin = [...flatten(ru), ...flatten(pagesRu)].filter(([, text]) => /[a-z]/iu.test(text.replace(allowed, '')))
  expect(latin).toEqual([])
})
