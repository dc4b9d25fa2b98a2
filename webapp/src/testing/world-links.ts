// The link-rate desk of the tests' world, creating customers, and what their own system tells. Nothing here is shipped.

import { at, company, customer, maria, number, petr, support, sales, type Plain } from './world-parts.ts'
import type { World } from './world.ts'

interface Asker {
  readonly world: World
}

const share = (calls: number, resolvable: number, bySystem: number, byPerson: number) => ({
  calls,
  resolvable,
  linked: bySystem + byPerson,
  bySystem,
  byPerson,
})

const monday = Date.UTC(2026, 10, 23)

/** Half a year in which more and more calls are linked. */
const weeks = Array.from({ length: 26 }, (_, i) => {
  const rate = 0.4 + 0.58 * (1 - Math.exp(-i / 8))
  const of = (calls: number, resolvable: number) => {
    const linked = Math.round(resolvable * rate)
    const byPerson = Math.round(linked * 0.12)
    return share(calls, resolvable, linked - byPerson, byPerson)
  }
  return {
    begins: new Date(monday - (25 - i) * 7 * 86_400_000).toISOString(),
    all: of(1460, 1380),
    queues: [
      { queueId: 'q1', queue: support, share: of(900, 870) },
      { queueId: 'q2', queue: sales, share: of(520, 490) },
      { queueId: '', queue: null, share: of(40, 20) },
    ],
  }
})

const lines: readonly [e164: string, display: string, calls: number, since: number, result: string, queue: unknown][] =
  [
    ['+79035550101', '+7 903 555-01-01', 14, 320, 'ABANDONED', support],
    ['+74955550199', '+7 495 555-01-99', 9, 5400, 'ANSWERED', sales],
    ['+79265550177', '+7 926 555-01-77', 2, 90_000, 'NO_ANSWER', support],
    ['+442079460000', '+44 20 7946 0000', 1, 200_000, 'ANSWERED', null],
  ]

const unlinked = lines.map(([e164, display, calls, since, result, queue], i) => ({
  number: number(e164, display),
  calls,
  last: { id: `u${i}`, channel: 'CALL', direction: 'INBOUND', startedAt: at(since), result, queue },
}))

const refuse = (code: string, extensions: Plain = {}) =>
  Object.assign(new Error(code === 'UNAVAILABLE' ? '1С: the system does not answer' : 'refused'), {
    extensions: { code, ...extensions },
  })

export const linkQueries = {
  linkRate: (_: unknown, __: unknown, { world }: Asker) =>
    world.more['noCalls'] ? { total: share(0, 0, 0, 0), weeks: [] } : { total: share(1460, 1380, 900, 90), weeks },
  unlinkedCalls: (_: unknown, { filter }: { filter: Plain | null }, { world }: Asker) => {
    const found = world.more['noCalls']
      ? []
      : unlinked.filter(
          ({ last }) => filter?.['queueId'] == null || (last.queue as Plain | null)?.['id'] === filter['queueId'],
        )
    return {
      edges: found.map((node) => ({ node, cursor: node.number.e164 })),
      pageInfo: { hasNextPage: false, endCursor: null },
    }
  },
  phoneIndexes: () => [
    { id: 'onec', name: '1С', numbers: 48_213, records: 30_111, completeAt: at(7200), reading: true, problem: '' },
    {
      id: 'b24',
      name: 'Битрикс24',
      numbers: 0,
      records: 0,
      completeAt: null,
      reading: false,
      problem: 'the password was refused',
    },
  ],
  contactSystems: (_: unknown, __: unknown, { world }: Asker) => (world.more['systems'] as Plain[] | undefined) ?? [],
  matchCaller: (_: unknown, { number: asked }: Plain) => ({
    state: asked === '+79035550101' ? 'MANY' : 'NONE',
    candidates: asked === '+79035550101' ? [{ customer: petr, why: 'SUFFIX' }] : [],
  }),
}

export const linkMutations = {
  linkNumber: (_: unknown, { input }: { input: Plain }, { world }: Asker) => {
    if (world.refusal) throw refuse(world.refusal.code)
    const found = world.customers.find((one) => one['id'] === input['customerId'])
    return { customer: found, calls: unlinked.find((one) => one.number.e164 === input['number'])?.calls ?? 0 }
  },
  unlinkNumber: () => ({ customer: null, calls: 14 }),
  createCustomer: (_: unknown, { input }: { input: Plain }, { world }: Asker) => {
    if (world.refusal) throw refuse(world.refusal.code, { fields: world.refusal.fields })
    if (String(input['name']).startsWith('Мария') && !input['confirmed'])
      return {
        customer: null,
        duplicates: [
          { customer: maria, why: ['NUMBER', 'NAME'] },
          { customer: company, why: ['TAX_ID'] },
        ],
        calls: 0,
      }
    const made = customer('new', String(input['name']), (input['company'] as string | null) ?? '')
    world.customers.push(made)
    return { customer: made, duplicates: [], calls: input['callId'] == null ? 14 : 0 }
  },
}

const told =
  (what: string) =>
  (_: unknown, __: unknown, { world }: Asker) => {
    if (world.more['silent']) throw refuse('UNAVAILABLE')
    return (world.more[what] as Plain[] | undefined) ?? []
  }

/** What the customer's own system tells, where a scenario has something. */
export const customerFields = { related: told('related'), contacts: told('contacts') }

export const business: Plain = {
  related: [
    {
      id: 'd1',
      kind: 'DEAL',
      title: 'Продление договора на 2027 год',
      status: 'Согласование',
      open: true,
      sum: '120 000 ₽',
      responsible: 'Игорь Орлов',
      at: at(7200),
      url: 'https://crm.example/deal/1',
    },
    { id: 'd2', kind: 'TICKET', title: '', status: 'Решено', open: false, sum: '', responsible: '', at: null, url: '' },
  ],
  contacts: [
    {
      id: 'm1',
      channel: 'MAIL',
      inbound: true,
      at: at(200_000),
      title: 'Счёт № 1207',
      text: 'Добрый день! Счёт получили, оплатим в пятницу. Пришлите, пожалуйста, акт сверки за прошлый квартал.',
      who: 'Игорь Орлов',
      url: 'https://crm.example/mail/1',
    },
  ],
}
