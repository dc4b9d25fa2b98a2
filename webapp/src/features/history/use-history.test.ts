import { expect, test } from 'vitest'
import { appended } from './use-history'

test('earlier interactions that were asked for twice in haste are in the list once', () => {
  const edges = (...ids: string[]) => ids.map((id) => ({ node: { id } }))
  const once = appended(edges('a', 'b'), edges('c', 'd'))
  expect(appended(once, edges('c', 'd'))).toEqual(edges('a', 'b', 'c', 'd'))
})
