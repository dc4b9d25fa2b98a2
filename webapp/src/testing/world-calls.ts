// The calls of the world of the tests. Nothing here is shipped.

import { interaction } from './world-history.ts'
import { at, company, maria, number, petr, support, type Plain } from './world-parts.ts'

export const match = (state: string, more: Plain = {}) => ({
  state,
  candidates: [],
  chosen: null,
  chosenBy: null,
  chosenByOperator: null,
  failingSince: null,
  problem: '',
  asked: ['1С'],
  ...more,
})

/** What most candidates are: found by their system just now, with nothing else to say. */
export const plainly = { also: [], origin: 'LIVE', same: [], refusedBy: null }

export const found = match('FOUND', {
  candidates: [{ customer: maria, why: 'EXACT', confidence: 1, ...plainly }],
  chosen: maria,
  chosenBy: 'RULE',
})

export const call = (state: string, more: Plain = {}) => ({
  id: 'call1',
  version: 1,
  direction: 'INBOUND',
  state,
  since: at(9),
  startedAt: at(47),
  answeredAt: ['TALKING', 'HELD', 'WRAP_UP', 'RESCUING'].includes(state) ? at(134) : null,
  queue: support,
  operator: { id: 'op1', name: 'Алексей Иванов' },
  from: { number: number('+79161234567', '+7 916 123-45-67'), name: '' },
  to: { number: number('+78005550001', '8 800 555-00-01'), name: '' },
  legs: [
    { id: 'leg-customer', role: 'CUSTOMER', state: 'UP', muted: false },
    { id: 'leg-operator', role: 'OPERATOR', state: 'UP', muted: false },
  ],
  consult: null,
  parked: null,
  held: state === 'HELD',
  muted: false,
  answerRequested: false,
  waited: 38,
  attempts: 1,
  position: null,
  route: [],
  match: found,
  customer: null,
  interaction: interaction((more['id'] as string | undefined) ?? 'call1', 47, {
    endedAt: null,
    talked: null,
    result: null,
    topic: null,
    tags: [],
    comment: '',
    commentSavedAt: null,
    operator: { id: 'op1', name: 'Алексей Иванов' },
  }),
  wrapUpUntil: null,
  offerUntil: state === 'RINGING' ? new Date(Date.now() + 16_000).toISOString() : null,
  end: null,
  quality: null,
  ...more,
})

export const olga = { id: 'op2', name: 'Ольга Белова' }
const guestLeg = (state: string) => ({ id: 'leg-guest', role: 'GUEST', state, muted: false })

/** A third party: who it is and whom the operator hears. */
export const consult = (front: string | null, more: Plain = {}) => ({
  operator: { id: 'op3', name: 'Павел Зуев' },
  party: { number: number('', '', 'INTERNAL'), name: 'Павел Зуев' },
  by: { id: 'op1', name: 'Алексей Иванов' },
  since: at(7),
  reached: front !== null,
  front,
  blind: false,
  ...more,
})

/** A call with a third party. */
export const third = (state: string, front: string | null, more: Plain = {}) => {
  const plain = call(state)
  return {
    ...plain,
    since: at(7),
    answeredAt: at(134),
    customer: maria,
    held: front === 'GUEST' || front === null,
    legs: [...(plain.legs as Plain[]), guestLeg(front === null ? 'RINGING' : 'UP')],
    consult: consult(front),
    ...more,
  }
}

/** The call of a colleague who asks me. */
export const asked = (state: string, front: string | null) =>
  third(state, front, {
    operator: olga,
    consult: consult(front, { operator: { id: 'op1', name: 'Алексей Иванов' }, by: olga }),
  })

export const parked = (id: string, by: Plain, seconds: number, more: Plain = {}) =>
  call('QUEUED', {
    id,
    operator: null,
    startedAt: at(200),
    customer: company,
    parked: { by, since: at(seconds), until: new Date(Date.now() + (120 - seconds) * 1000).toISOString() },
    ...more,
  })

/** Dialled by a colleague, talked with, and given to the queue. */
export const givenToQueue = call('QUEUED', {
  id: 'w5',
  direction: 'OUTBOUND',
  operator: null,
  answeredAt: at(300),
  startedAt: at(330),
  customer: maria,
})

export const waiting = [
  call('QUEUED', {
    id: 'w1',
    operator: null,
    startedAt: at(42),
    from: { number: number('+79165554433', '+7 916 555-44-33'), name: '' },
    customer: petr,
  }),
  call('QUEUED', {
    id: 'w2',
    operator: null,
    startedAt: at(20),
    from: { number: number('', '', 'ANONYMOUS'), name: '' },
  }),
  call('RINGING', { id: 'w3', operator: { id: 'op3', name: 'Павел Зуев' }, startedAt: at(61), customer: company }),
]
