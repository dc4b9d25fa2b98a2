import { expect, test } from 'vitest'
import { keysIn, portions } from './digits'

test.each([
  ['1234', '1234'],
  [' 4276 3800-1234 (5678) ', '4276380012345678'],
  ['+7 916', '7916'],
  ['12#*a', '12#*A'],
  ['1p2W3,4', '1,2,3,4'],
  ['код', ''],
])('%j is sent as %j', (text, keys) => {
  expect(keysIn(text)).toBe(keys)
})

test('what is longer than the server takes is sent in pieces', () => {
  expect(portions('1'.repeat(130)).map(({ length }) => length)).toEqual([64, 64, 2])
  expect(portions('')).toEqual([])
})
