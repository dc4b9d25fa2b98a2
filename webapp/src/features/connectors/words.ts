import { useTranslation } from 'react-i18next'
import { complaintOf } from './complaints'
import type { Field } from './fields'

/** Words for what only the server knows: fields, kinds, choices. Where this page has none, the server's own are shown. */
export function useWords() {
  const { t, i18n } = useTranslation()
  const or = (key: string, other: string) => (i18n.exists(key) ? t(key as 'connectors.title') : other)
  const at = (kind: string, field: Field) => `${kind}_${field.path.join('_')}`
  return {
    kind: (kind: string) => or(`connectors.kind.${kind}`, kind),
    about: (kind: string) => or(`connectors.about.${kind}`, ''),
    title: (kind: string, field: Field) => or(`connectors.field.${at(kind, field)}`, field.title),
    hint: (kind: string, field: Field) => or(`connectors.hint.${at(kind, field)}`, ''),
    choice: (kind: string, field: Field, value: string) => {
      const key = `${at(kind, field)}_${value}`
      return or(`connectors.choice.${key}`, value)
    },
    setting: (name: string) => or(`connectors.setting.${name}`, name.replaceAll('_', ' ')),
    preset: ({ name, title }: { name: string; title: string }) => or(`connectors.preset.${name}`, title),
    /** What the server says of a setting: words of this page, and the server's own where an expression is to blame. */
    wrong: (words: string) => {
      const complaint = complaintOf(words)
      const about = complaint?.about ?? { words }
      return t(`connectors.wrong.${complaint?.key ?? 'other'}` as 'connectors.wrong.other', about as { words: string })
    },
    can: (capability: string) => or(`connectors.can.${capability}`, capability),
    code: (code: string) => or(`connectors.code.${code}`, ''),
  }
}
