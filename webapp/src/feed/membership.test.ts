import { expect, test } from 'vitest'
import { Membership } from './membership'

test('what a complete snapshot does not name is dropped, and not before', () => {
  const members = new Membership()
  members.begin()
  members.add('a')
  members.add('b')
  expect(members.synced()).toEqual([])
  members.begin()
  members.add('b')
  members.add('c')
  expect(members.ids).toEqual(['a', 'b', 'c'])
  expect(members.synced()).toEqual(['a'])
  expect(members.ids).toEqual(['b', 'c'])
})

test('Synced without a snapshot drops nothing', () => {
  const members = new Membership()
  members.begin()
  members.add('a')
  members.synced()
  expect(members.synced()).toEqual([])
  expect(members.ids).toEqual(['a'])
})

test('what leaves within a snapshot stays away', () => {
  const members = new Membership()
  members.begin()
  members.add('a')
  expect(members.remove('a')).toBe(true)
  members.synced()
  expect(members.ids).toEqual([])
  expect(members.remove('a')).toBe(false)
})

test('the list is a new array only when it changes', () => {
  const members = new Membership()
  members.add('a')
  const before = members.ids
  expect(members.add('a')).toBe(false)
  expect(members.ids).toBe(before)
})
