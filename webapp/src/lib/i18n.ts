import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import type en from '@/locales/en.json'
import type pagesEn from '@/locales/pages.en.json'
import type { Language } from './format'
import { localStore } from './storage'

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en & typeof pagesEn }
  }
}

const chosenKey = 'pult.language'

/** The language that the page has, or is about to have. */
let wanted: Language = 'en'
/** The words of the pages beside the workspace are wanted too. */
let withPages = false

/** The language of a preference: ru, en, or empty for the browser's. */
export function languageOf(preference: string): Language {
  if (preference === 'ru' || preference === 'en') return preference
  return navigator.languages.some((tag) => tag.toLowerCase().startsWith('ru')) ? 'ru' : 'en'
}

/** The language chosen on this computer before; empty when none was. */
export function rememberedLanguage(): string {
  return localStore.get(chosenKey) ?? ''
}

/** Starts the translations in the given language and resolves when its words are loaded. */
export async function startTranslations(language: Language): Promise<void> {
  wanted = language
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    resources: {},
    interpolation: { escapeValue: false }, // React escapes
    returnNull: false,
  })
  await addWords(language)
  document.documentElement.lang = language
}

/** Changes the language of the page and remembers the preference for the sign-in page. */
export async function changeLanguage(preference: string): Promise<void> {
  localStore.set(chosenKey, preference)
  const language = languageOf(preference)
  wanted = language
  await addWords(language)
  if (wanted !== language) return // another was chosen meanwhile
  if (i18next.language !== language) await i18next.changeLanguage(language)
  document.documentElement.lang = language
}

/** Loads the words of the pages beside the workspace (lazyPage), and from now on with each language. */
export async function loadPageWords(): Promise<void> {
  withPages = true
  const shown = languageOf(i18next.language)
  await Promise.all([addWords(wanted), shown === wanted ? undefined : addWords(shown)])
}

async function addWords(language: Language): Promise<void> {
  const files = withPages ? [words(language), pageWords(language)] : [words(language)]
  for (const file of await Promise.all(files)) i18next.addResourceBundle(language, 'translation', file.default, true)
}

// The Russian files have the same keys (proven by a test) and more plural forms.

function words(language: Language): Promise<{ default: object }> {
  return language === 'ru' ? import('@/locales/ru.json') : import('@/locales/en.json')
}

function pageWords(language: Language): Promise<{ default: object }> {
  return language === 'ru' ? import('@/locales/pages.ru.json') : import('@/locales/pages.en.json')
}
