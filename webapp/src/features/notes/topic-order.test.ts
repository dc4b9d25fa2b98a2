// @vitest-environment jsdom

import { expect, test } from 'vitest'
import { localStore } from '@/lib/storage'
import { byUse, countTopic, topicUse } from './topic-order'

const topics = ['a', 'b', 'c'].map((id) => ({ id }))

test('the most used come first; equals keep the server’s order', () => {
  expect(byUse(topics, topicUse(localStore))).toEqual(topics)
  countTopic(localStore, 'c')
  countTopic(localStore, 'c')
  countTopic(localStore, 'b')
  expect(byUse(topics, topicUse(localStore)).map(({ id }) => id)).toEqual(['c', 'b', 'a'])
})

test('damaged memory is no memory', () => {
  localStore.set('pult.topics', '[[')
  expect(topicUse(localStore).size).toBe(0)
})
