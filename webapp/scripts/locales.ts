// What must hold between the locale files. Used by a test and by `npm run i18n:check`.

type Words = { readonly [key: string]: string | Words }

/** The plural forms that a language has: Unicode CLDR, as the browser knows it. */
export function pluralForms(language: string): readonly string[] {
  return new Intl.PluralRules(language).resolvedOptions().pluralCategories.toSorted()
}

const suffix = /_(zero|one|two|few|many|other)$/u

/** Every key with its words, flat: call.answer. */
export function flatten(words: Words, prefix = ''): Map<string, string> {
  const flat = new Map<string, string>()
  for (const [key, value] of Object.entries(words)) {
    if (typeof value === 'string') flat.set(prefix + key, value)
    else for (const [inner, text] of flatten(value, `${prefix}${key}.`)) flat.set(inner, text)
  }
  return flat
}

/** The names in {{braces}}, in order of the alphabet. */
function placeholders(text: string): string {
  return [...text.matchAll(/\{\{(\w+)\}\}/gu)]
    .map(([, name = '']) => name)
    .toSorted((a, b) => a.localeCompare(b))
    .join(' ')
}

/** What is wrong with the locale files, as lines; nothing when all is well. */
export function localeProblems(locales: Readonly<Record<string, Words>>): string[] {
  const problems: string[] = []
  const flat = Object.entries(locales).map(([language, words]) => [language, flatten(words)] as const)
  const stems = new Set(flat.flatMap(([, words]) => [...words.keys()].map((key) => key.replace(suffix, ''))))
  for (const [language, words] of flat) {
    for (const stem of stems) {
      const plural = flat.some(([, others]) => others.has(`${stem}_other`))
      const wanted = plural ? pluralForms(language).map((form) => `${stem}_${form}`) : [stem]
      for (const key of wanted) if (!words.has(key)) problems.push(`${language}: ${key} is missing`)
      for (const key of words.keys()) {
        if (key.replace(suffix, '') === stem && !wanted.includes(key))
          problems.push(`${language}: ${key} is not a form of this language`)
      }
    }
    for (const [key, text] of words) {
      if (text.trim() === '') problems.push(`${language}: ${key} is empty`)
      if (text !== text.trim() || text.includes('  ')) problems.push(`${language}: ${key} has spaces to spare`)
      for (const [other, otherWords] of flat) {
        const twin = otherWords.get(key)
        if (twin !== undefined && placeholders(twin) !== placeholders(text))
          problems.push(`${key}: ${language} and ${other} fill in different values`)
      }
    }
  }
  return [...new Set(problems)]
}
