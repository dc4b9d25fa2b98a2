import en from '../../webapp/src/locales/en.json' with { type: 'json' }
import pagesEn from '../../webapp/src/locales/pages.en.json' with { type: 'json' }
import pagesRu from '../../webapp/src/locales/pages.ru.json' with { type: 'json' }
import ru from '../../webapp/src/locales/ru.json' with { type: 'json' }

export type Language = 'en' | 'ru'
export const languages: readonly Language[] = ['en', 'ru']

/** The English names that integrators' tests and assistive technology rely on: they may not change by a change of a locale file. */
const contract = {
  'call.answer': 'Answer',
  'call.decline': 'Decline',
  'call.hangUp': 'Hang up',
  'call.hold': 'Hold',
  'call.resume': 'Resume',
  'call.mute': 'Mute',
  'call.unmute': 'Unmute',
  'call.keypad': 'Keypad',
  'call.transfer': 'Transfer',
  'call.consult': 'Consult',
  'call.swap': 'Swap',
  'call.merge': 'Merge',
  'call.complete': 'Complete',
  'call.cancelConsult': 'Cancel consult',
  'call.park': 'Park',
  'parked.pickUp': 'Pick up',
  'call.dial': 'Dial',
  'call.finish': 'Finish wrap-up',
  'presence.READY': 'Ready',
  'presence.PAUSED': 'Paused',
  'presence.OFFLINE': 'Offline',
  'presence.WRAP_UP': 'Wrap-up',
  'customer.title': 'Customer',
  'call.title': 'Current call',
  'history.title': 'History',
  'queues.title': 'Queues',
} as const

/** The words of the page in a language, by the key of the locale files; {{name}} is replaced by values. */
export function word(language: Language, key: string, values: Record<string, string> = {}): string {
  if (language === 'en' && Object.hasOwn(contract, key)) return contract[key as keyof typeof contract]
  const found = (language === 'ru' ? [ru, pagesRu] : [en, pagesEn])
    .map((words) => key.split('.').reduce<unknown>((inner, part) => (inner as Record<string, unknown> | undefined)?.[part], words))
    .find((each) => each !== undefined)
  if (typeof found !== 'string') throw new Error(`no word ${key} in ${language}`)
  return found.replaceAll(/\{\{(\w+)[^}]*\}\}/g, (_, name: string) => values[name] ?? `{{${name}}}`)
}
