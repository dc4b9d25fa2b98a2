import { expect, test } from 'vitest'
import type { MyCall, Part } from '@/feed/model'
import { makeWorld } from '@/testing/world'
import { partiesOf } from './parties'

const seen = (scenario: string, part: Part = 'operator') =>
  partiesOf({ ...makeWorld(scenario).calls[0], part } as unknown as MyCall).map(
    ({ role, name, place, muted }) => `${role} ${name}: ${place}${muted ? ', muted' : ''}`,
  )

test('who hears whom is told as the exchange confirmed it', () => {
  expect(seen('talking')).toEqual([])
  expect(seen('consultring')).toEqual(['customer Мария Котова: music', 'guest Павел Зуев: ringing'])
  expect(seen('consulting')).toEqual(['customer Мария Котова: music', 'guest Павел Зуев: withYou'])
  expect(seen('swapped')).toEqual(['customer Мария Котова: withYou', 'guest Павел Зуев: music'])
  expect(seen('conference')).toEqual(['customer Мария Котова: conference', 'guest Павел Зуев: conference'])
  expect(seen('outsideparty')).toEqual([
    'customer Мария Котова: conference, muted',
    'guest +7 495 765-43-21: conference',
  ])
})

test('nothing is claimed while it changes', () => {
  const call = makeWorld('consulting').calls[0]
  const changing = {
    ...call,
    part: 'operator',
    held: false,
    consult: { ...(call?.['consult'] as object), front: null },
  }
  expect(partiesOf(changing as unknown as MyCall).map(({ place }) => place)).toEqual(['connecting', 'connecting'])
})

test('the colleague sees it from their place, once they have answered', () => {
  expect(seen('asked', 'guest')).toEqual([])
  expect(seen('consulted', 'guest')).toEqual(['customer Мария Котова: music', 'operator Ольга Белова: withYou'])
  expect(seen('swapped', 'guest')).toEqual([
    'customer Мария Котова: withColleague',
    'operator Алексей Иванов: withCustomer',
  ])
})
