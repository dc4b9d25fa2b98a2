import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { expect, test } from 'vitest'

// Who may import whom. (No tool for this reads TypeScript 7 yet; imports are plain enough to be read by a regular expression.)

const source = join(import.meta.dirname, '..')
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/u.test(file))
const isTest = (file: string) => /\.test\.tsx?$/u.test(file) || file.startsWith('testing/')

/** What a file imports: paths below src for our own, names of packages for others. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(source, file), 'utf8')
  const names = [...text.matchAll(/(?:from|import\(|import)\s*'([^']+)'/gu)].map(([, name = '']) => name)
  return names.map((name) => {
    if (name.startsWith('@/')) return name.slice(2)
    if (name.startsWith('.')) return relative('.', normalize(join(dirname(file), name)))
    return `package:${name}`
  })
}

const imports = new Map(files.map((file) => [file, importsOf(file)]))

/** Imports of shipped files of `from` that `forbidden` accepts. */
function broken(from: RegExp, forbidden: (imported: string, file: string) => boolean): string[] {
  return files
    .filter((file) => from.test(file) && !isTest(file))
    .flatMap((file) =>
      (imports.get(file) ?? []).filter((name) => forbidden(name, file)).map((name) => `${file} -> ${name}`),
    )
}

const room = (path: string) => /^(features\/[^/]+|[^/]+)/u.exec(path)?.[1] ?? ''

test('there is something to look at', () => {
  expect(files.length).toBeGreaterThan(80)
  expect(imports.get('app/Workspace.tsx')).toContain('features/call/CallPanel')
})

test('a feature imports no other feature', () => {
  expect(broken(/^features\//u, (name, file) => name.startsWith('features/') && room(name) !== room(file))).toEqual([])
})

test('only app composes features, and nobody imports app', () => {
  expect(broken(/^(?!app\/|features\/|main)/u, (name) => /^(?:app|features)\//u.test(name))).toEqual([])
  expect(broken(/^features\//u, (name) => name.startsWith('app/'))).toEqual([])
})

test('phone and feed know no React', () => {
  const react = /^package:(?:react|react-dom|@mantine|wouter|react-i18next|@apollo\/client\/react)/u
  expect(
    broken(/^(?:phone|feed)\//u, (name) => react.test(name) || /^(?:session|components|app|features)\//u.test(name)),
  ).toEqual([])
})

test('the phone knows no GraphQL and no feed', () => {
  expect(broken(/^phone\//u, (name) => /^(?:gql|feed)\/|^package:(?:@apollo|graphql)/u.test(name))).toEqual([])
})

test('JsSIP stays in the user agent', () => {
  expect(broken(/^(?!phone\/ua(?:-socket)?\.ts)/u, (name) => name === 'package:jssip')).toEqual([])
})

test('components and lib are at the bottom', () => {
  expect(broken(/^(?:components|lib)\//u, (name) => /^(?:app|features|session|phone|feed)\//u.test(name))).toEqual([])
  expect(broken(/^lib\//u, (name) => name.startsWith('components/'))).toEqual([])
})

test('nothing of the tests is shipped', () => {
  expect(broken(/./u, (name) => name.startsWith('testing/') || name.includes('.test'))).toEqual([])
})

test('phone and feed use no timer that the browser slows down while the page is hidden', () => {
  const slow = files.filter(
    (file) =>
      /^(?:phone|feed)\//u.test(file) &&
      !isTest(file) &&
      /\b(?:setTimeout|setInterval|requestAnimationFrame|plainTimers)\b/u.test(
        readFileSync(join(source, file), 'utf8'),
      ),
  )
  expect(slow).toEqual([])
})
