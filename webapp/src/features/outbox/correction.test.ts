import { expect, test } from 'vitest'
import { correctionOf, draftOf, isWrong } from './correction'
import type { Entry } from './use-outbox'

const entry: Entry = {
  id: 'e1',
  connectorId: '1c',
  connectorName: '1С',
  kind: 'CALL',
  state: 'DEAD',
  since: '2026-11-26T09:00:00Z',
  attempts: 1,
  nextAttemptAt: null,
  inProgress: false,
  reason: 'no',
  reasonCode: 'NOT_FOUND',
  interactionId: 'c1',
  startedAt: null,
  number: { e164: '+74950123401', display: '8 (495) 012-34-01', kind: 'PUBLIC' },
  customerId: 'x',
  customerName: 'Василёк',
  comment: 'перезвонить',
  title: '',
  edited: false,
}

test('what nobody changed is not sent', () => {
  expect(correctionOf(entry, draftOf(entry))).toEqual({ id: 'e1' })
})

test('what was changed is sent, and only that', () => {
  const draft = { ...draftOf(entry), number: ' 8 (495) 012-34-02 ' }
  expect(correctionOf(entry, draft)).toEqual({ id: 'e1', number: '8 (495) 012-34-02' })
  expect(correctionOf(entry, { ...draftOf(entry), comment: '', customerId: null })).toEqual({
    id: 'e1',
    comment: '',
    customerId: '',
  })
  expect(correctionOf(entry, { ...draftOf(entry), customerId: 'y' })).toEqual({ id: 'e1', customerId: 'y' })
})

test('a withheld number is empty', () => {
  expect(draftOf({ ...entry, number: null }).number).toBe('')
})

test('the fields that are wrong are known by name', () => {
  expect(isWrong(['number'], 'number')).toBe(true)
  expect(isWrong(['number'], 'comment')).toBe(false)
  expect(isWrong(undefined, 'comment')).toBe(false)
})
