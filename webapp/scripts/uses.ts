// Which code uses which words. Used by a test and by `npm run i18n:check`.

import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

/** What is loaded when it is wanted, together with the words of pages: see components/lazy-page.ts. */
const lazyPage = /\blazyPage\(async \(\) => \(await import\('[^']+'\)\)\.\w+\)/gu

/** The shipped code below src: all of it, and what a page has without anything that lazyPage loads. */
export function shippedCode(source: string): { all: string; workspace: string } {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.tsx?$/u.test(file) && !/\.test\.|^gql|^testing/u.test(file),
  )
  const text = new Map(files.map((file) => [file, readFileSync(join(source, file), 'utf8')]))
  const reached = new Set<string>()
  const reach = (file: string) => {
    if (reached.has(file)) return
    reached.add(file)
    const code = text.get(file)?.replaceAll(lazyPage, '') ?? ''
    for (const [, name = ''] of code.matchAll(/(?:from|import\(|import)\s*'([^']+)'/gu)) {
      const path = name.startsWith('@/') ? name.slice(2) : name.startsWith('.') ? join(dirname(file), name) : undefined
      if (path === undefined) continue
      const found = ['.tsx', '.ts', ''].map((end) => normalize(path) + end).find((each) => text.has(each))
      if (found !== undefined) reach(found)
    }
  }
  reach('main.tsx')
  return { all: [...text.values()].join('\n'), workspace: [...reached].map((file) => text.get(file)).join('\n') }
}

/** Whether code uses a key: it stands there whole, or a template `a.b.${…}` begins as it does. */
export function usesIn(code: string): (key: string) => boolean {
  const templates = [...code.matchAll(/`([\w.]+\.)\$\{[^}]*\}([\w.]*)`/gu)]
  return (key) =>
    code.includes(`'${key}'`) ||
    templates.some(([, start = '', end = '']) => key.startsWith(start) && key.endsWith(end))
}

/** What is wrong with the places of words: in no use, or in the file of the wrong part of the application. */
export function placeProblems(
  keys: { workspace: Iterable<string>; pages: Iterable<string> },
  code: { all: string; workspace: string },
): string[] {
  const used = usesIn(code.all)
  const early = usesIn(code.workspace)
  const stems = (names: Iterable<string>) => new Set([...names].map((name) => name.replace(/_(?:one|other)$/u, '')))
  const problems: string[] = []
  for (const key of stems(keys.workspace)) {
    if (!used(key)) problems.push(`${key} is not used`)
    else if (!early(key)) problems.push(`${key} is of pages only and belongs into pages.*.json`)
  }
  for (const key of stems(keys.pages)) {
    if (!used(key)) problems.push(`${key} is not used`)
    else if (early(key)) problems.push(`${key} is used by the workspace, which does not load pages.*.json`)
  }
  return problems
}
