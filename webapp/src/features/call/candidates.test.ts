import { expect, test } from 'vitest'
import type { OperatorFieldsFragment, QueueFieldsFragment } from '@/gql/graphql'
import { makeWorld } from '@/testing/world'
import { colleaguesFor, queuesFor } from './candidates'

const { operators, queues } = makeWorld('talking') as unknown as {
  operators: OperatorFieldsFragment[]
  queues: QueueFieldsFragment[]
}
const listed = (text: string, all = operators) =>
  colleaguesFor(text, all, 'op1').map(
    ({ operator, absence, engagement }) => `${operator.name} ${absence || engagement}`,
  )

test('who can be called comes first, also beside a call that they have; the others say why not', () => {
  expect(listed('')).toEqual([
    'Павел Зуев ',
    'Сергей Ким ',
    'Ирина Константинопольская wrapUp',
    'Ольга Белова talking',
    'Зоя Мир offline',
    'Лев Дуб offline',
  ])
})

test('by any words of the name, or the login', () => {
  expect(listed('зуе ПАВ')).toEqual(['Павел Зуев '])
  expect(listed('op5')).toEqual(['Сергей Ким '])
  expect(listed('nobody')).toEqual([])
})

test('a colleague whose phone is not connected cannot be called', () => {
  expect(
    listed(
      'зуев',
      operators.map((one) => ({ ...one, phoneOnline: false })),
    ),
  ).toEqual(['Павел Зуев noPhone'])
})

test('a colleague in a call is chosen for a second one, not one whose phone rings or who leaves after the call', () => {
  const olga = (more: Partial<OperatorFieldsFragment>) =>
    colleaguesFor(
      'ольга',
      operators.map((one) => ({ ...one, ...more })),
      'op1',
    )[0]
  expect(olga({})).toMatchObject({ absence: '', engagement: 'talking' })
  expect(olga({ presence: 'HELD' })).toMatchObject({ absence: '', engagement: 'held' })
  expect(olga({ presence: 'OFFERED' })).toMatchObject({ absence: 'offered' })
  expect(olga({ availability: 'OFFLINE' })).toMatchObject({ absence: 'offline' })
  expect(olga({ phoneOnline: false })).toMatchObject({ absence: 'noPhone' })
})

test('queues by name or key', () => {
  expect(queuesFor('под', queues).map(({ key }) => key)).toEqual(['support'])
  expect(queuesFor('vip', queues).map(({ key }) => key)).toEqual(['vip'])
})
