// @vitest-environment jsdom

import i18next, { t } from 'i18next'
import { expect, test } from 'vitest'
import { changeLanguage, loadPageWords, startTranslations } from './i18n'

test('words of pages come when a page is wanted, and from then on with each language', async () => {
  await startTranslations('en')
  expect(t('call.answer')).toBe('Answer')
  expect(i18next.exists('settings.language')).toBe(false)

  await loadPageWords()
  expect(t('settings.language')).toBe('Language')
  expect(t('check.problem.late.title')).toBe('It took too long.')
  expect(t('check.problem.late.text')).toMatch(/^Check again/u)

  await changeLanguage('ru')
  expect(t('call.answer')).toBe('Ответить')
  expect(t('settings.language')).toBe('Язык')

  // A page is opened while the language is being changed: it has its words in both.
  const changed = changeLanguage('en')
  await loadPageWords()
  expect(i18next.exists('settings.language')).toBe(true)
  await changed
  expect(t('settings.language')).toBe('Language')

  // Of two choices the last one counts.
  await Promise.all([changeLanguage('ru'), changeLanguage('en')])
  expect(i18next.language).toBe('en')
  expect(document.documentElement.lang).toBe('en')
})
