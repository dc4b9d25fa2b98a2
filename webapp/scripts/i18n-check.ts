// Fails when the locale files do not match each other, when words are not used any more, or lie in the file of the wrong part.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { flatten, localeProblems } from './locales.ts'
import { placeProblems, shippedCode } from './uses.ts'

const source = join(import.meta.dirname, '../src')
const read = (name: string) => JSON.parse(readFileSync(join(source, `locales/${name}.json`), 'utf8'))
const workspace = { en: read('en'), ru: read('ru') }
const pages = { en: read('pages.en'), ru: read('pages.ru') }

const problems = [
  ...localeProblems(workspace),
  ...localeProblems(pages),
  ...placeProblems({ workspace: flatten(workspace.en).keys(), pages: flatten(pages.en).keys() }, shippedCode(source)),
]
for (const line of problems) console.log(line)
console.log(problems.length === 0 ? 'i18n: ok' : `i18n: ${problems.length} problems`)
process.exit(problems.length === 0 ? 0 : 1)
