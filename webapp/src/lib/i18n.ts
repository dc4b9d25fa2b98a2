import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import type en from '@/locales/en.json'
import type { Language } from './format'
import { localStore } from './storage'

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en }
  }
}

const chosenKey = 'pult.language'

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
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    resources: { [language]: { translation: await words(language) } },
    interpolation: { escapeValue: false }, // React escapes
    returnNull: false,
  })
  document.documentElement.lang = language
}

/** Changes the language of the page and remembers the preference for the sign-in page. */
export async function changeLanguage(preference: string): Promise<void> {
  localStore.set(chosenKey, preference)
  const language = languageOf(preference)
  if (!i18next.hasResourceBundle(language, 'translation')) {
    i18next.addResourceBundle(language, 'translation', await words(language))
  }
  if (i18next.language !== language) await i18next.changeLanguage(language)
  document.documentElement.lang = language
}

async function words(language: Language): Promise<typeof en> {
  const module = language === 'ru' ? await import('@/locales/ru.json') : await import('@/locales/en.json')
  // The Russian file has the same keys (proven by a test) and more plural forms.
  return module.default
}
