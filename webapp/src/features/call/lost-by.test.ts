import { expect, test } from 'vitest'
import type { MyCall } from '@/feed/model'
import { lostBy } from './lost-by'

type Step = MyCall['route'][number]

const anna = { id: 'op1', name: 'Anna' }
const boris = { id: 'op2', name: 'Boris' }
const step = (kind: Step['kind'], operator: Step['operator'] = null): Step => ({ kind, operator })
const lost = [step('ENTERED'), step('ANSWERED', anna), step('LOST', anna)]

test.each<[string, Step[], MyCall['operator'], string | undefined]>([
  ['went its usual way', [step('ENTERED'), step('OFFERED', boris), step('ANSWERED', boris)], boris, undefined],
  ['is being restored', lost, anna, undefined],
  ['was restored', [...lost, step('ANSWERED', anna)], anna, undefined],
  ['was given up, and is offered', [...lost, step('RETURNED', anna), step('OFFERED', boris)], boris, 'Anna'],
  ['was given up, and a colleague has it', [...lost, step('RETURNED', anna), step('ANSWERED', boris)], boris, 'Anna'],
  [
    'was given up, and comes to the same again',
    [...lost, step('RETURNED', anna), step('OFFERED', anna)],
    anna,
    undefined,
  ],
  [
    'came back from a transfer',
    [step('ANSWERED', anna), step('TRANSFERRED', anna), step('RETURNED')],
    boris,
    undefined,
  ],
])('a call that %s', (_, route, operator, name) => {
  expect(lostBy({ route, operator })).toBe(name)
})
