import { expect, test } from 'vitest'
import type { Readiness } from '@/gql/graphql'
import { arrange, hasTrouble } from './order'

const one = (name: string, readiness: Readiness, state?: string, desk = false) => ({
  operator: { name },
  readiness,
  desk,
  health: state === undefined ? null : { troubles: [{ state }] },
})

test('who wants calls and cannot have them comes first, then broken phones, then the rest', () => {
  const all = [
    one('Вера', 'AWAY'),
    one('Борис', 'CAN_TAKE'),
    one('Анна', 'CAN_TAKE', 'WARN'),
    one('Глеб', 'AWAY', 'FAILED'),
    one('Дина', 'NO_MICROPHONE', 'FAILED'),
  ]
  expect(arrange(all).map(({ operator }) => operator.name)).toEqual(['Дина', 'Глеб', 'Анна', 'Борис', 'Вера'])
})

test('a page says nothing of a desk phone, and a warning is no trouble', () => {
  expect(hasTrouble(one('Анна', 'CAN_TAKE', 'FAILED', true))).toBe(false)
  expect(hasTrouble(one('Анна', 'CAN_TAKE', 'WARN'))).toBe(false)
  expect(hasTrouble(one('Анна', 'NO_PHONE'))).toBe(true)
})
