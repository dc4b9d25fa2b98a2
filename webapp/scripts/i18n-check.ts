// Fails when the locale files do not match each other, or when words are not used any more.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { flatten, localeProblems } from './locales.ts'

const source = join(import.meta.dirname, '../src')
const read = (language: string) => JSON.parse(readFileSync(join(source, `locales/${language}.json`), 'utf8'))
const locales = { en: read('en'), ru: read('ru') }
const problems = localeProblems(locales)

const code = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/u.test(file) && !/\.test\.|^gql/u.test(file))
  .map((file) => readFileSync(join(source, file), 'utf8'))
  .join('\n')

// A key is used when it stands in the code whole, or when a template `a.b.${…}` begins as it does.
const templates = [...code.matchAll(/`([\w.]+\.)\$\{[^}]*\}([\w.]*)`/gu)].map(
  ([, start = '', end = '']) => [start, end] as const,
)
for (const key of new Set([...flatten(locales.en).keys()].map((name) => name.replace(/_(?:one|other)$/u, '')))) {
  const used = code.includes(`'${key}'`) || templates.some(([start, end]) => key.startsWith(start) && key.endsWith(end))
  if (!used) problems.push(`${key} is not used`)
}

for (const line of problems) console.log(line)
console.log(problems.length === 0 ? 'i18n: ok' : `i18n: ${problems.length} problems`)
process.exit(problems.length === 0 ? 0 : 1)
