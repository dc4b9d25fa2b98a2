import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import en from '@/locales/pages.en.json'
import ru from '@/locales/pages.ru.json'
import { repeats, troubleOf } from './trouble'

const root = join(import.meta.dirname, '../../../connectors')
const read = (name: string) => readFileSync(join(root, name), 'utf8')

/** What the host and the drivers of the web app's kinds say of a system that is away, slow, or lets nobody in. */
const said = [
  ...read('resilient/status.go').matchAll(/return "([^"]+)"/gu),
  ...['internal/web', 'onec', 'httpjson']
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`))
    .filter((name) => /(?<!_test|click)\.go$/u.test(name))
    .flatMap((name) => [
      ...read(name).matchAll(
        /errs\.(?:Unavailable|Timeout|Unauthenticated|RateLimited)[^"\n]*"(the [^"]+|no answer[^"]*|a web [^"]+)"/gu,
      ),
    ]),
].map(([, words = '']) => words)

test('what systems get wrong most often has words in both languages', () => {
  expect(said.length).toBeGreaterThan(10)
  const silent = said.filter((words) => troubleOf(words) === null)
  expect(silent.filter((words) => !/recording|auth\.keep|shut down/u.test(words))).toEqual([])
  for (const words of said) {
    const trouble = troubleOf(words)
    if (trouble === null) continue
    expect(Object.keys(en.trouble)).toContain(trouble.key)
    expect(Object.keys(ru.trouble)).toContain(trouble.key)
  }
})

test('what only the server has words for stays as it is', () => {
  expect(troubleOf('ошибка при выполнении операции')).toBeNull()
})

test('the words of the system itself stay, and what a code says already is not said twice', () => {
  expect(troubleOf('the base refused: Не более трёх звонков в день')).toEqual({
    key: 'refused',
    why: 'Не более трёх звонков в день',
  })
  expect(repeats('UNAVAILABLE', 'the system does not answer')).toBe(true)
  expect(repeats('UNAVAILABLE', 'the server is busy or being restarted')).toBe(false)
  expect(repeats('REJECTED', 'ошибка')).toBe(false)
})
