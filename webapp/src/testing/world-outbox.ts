// Records that customer systems are to have and do not have yet.

import { at, maria, number, petr, type Plain } from './world-parts.ts'

const entry = (id: string, secondsAgo: number, more: Plain): Plain => ({
  id,
  connectorId: '1c',
  connectorName: '1С',
  kind: 'CALL',
  state: 'PENDING',
  since: at(secondsAgo),
  attempts: 0,
  nextAttemptAt: null,
  inProgress: false,
  reason: '',
  reasonCode: null,
  interactionId: `call-${id}`,
  startedAt: at(secondsAgo + 100),
  number: number('+74950123401', '8 (495) 012-34-01'),
  customerId: null,
  customerName: '',
  comment: '',
  title: '',
  edited: false,
  ...more,
})

/** What is left in a queue, the gravest first. */
export const outbox = (): Plain[] => [
  entry('o1', 4000, {
    state: 'DEAD',
    attempts: 1,
    reason: 'the customer is not in the base any more',
    reasonCode: 'NOT_FOUND',
    customerId: maria['id'],
    customerName: maria['name'],
    comment: 'Просит прислать счёт на доставку до пятницы, перезвонить после обеда',
  }),
  entry('o2', 3000, {
    state: 'DEAD',
    attempts: 3,
    reason: 'the base refused: Не более трёх звонков в день',
    reasonCode: 'REJECTED',
    number: null,
    edited: true,
  }),
  entry('o3', 400, {
    attempts: 4,
    reason: 'the system does not answer',
    reasonCode: 'UNAVAILABLE',
    nextAttemptAt: at(-600),
    customerId: petr['id'],
    customerName: petr['name'],
  }),
  entry('o4', 200, { kind: 'TASK', title: 'Перезвонить: 8 (495) 012-34-01' }),
  entry('o5', 2, { inProgress: true }),
  entry('o7', 7000, {
    state: 'HELD',
    reason: 'this system takes it for known customers only',
    reasonCode: 'UNSUPPORTED',
  }),
  entry('o6', 90_000, { connectorId: 'old', connectorName: 'Bitrix24', kind: 'RECORDING' }),
]
