import { expect, test } from 'vitest'
import { cut, fit, lengthOf } from './limits'

test('characters are counted as the server does: a code point is one', () => {
  expect(lengthOf('ёж 🦔')).toBe(4)
  expect(cut('🦔🦔🦔', 2)).toBe('🦔🦔')
  expect(cut('as it is', 8)).toBe('as it is')
})

test('a change is made to fit, and what is not in it stays out', () => {
  const limits = { comment: 5, tags: 2, tag: 3 }
  expect(fit({ comment: '123456', tags: ['abcd', 'b', 'c'] }, limits)).toEqual({ comment: '12345', tags: ['abc', 'b'] })
  expect(fit({ topicId: null }, limits)).toEqual({ topicId: null })
})
