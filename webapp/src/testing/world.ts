// A small world for looking at screens: what the mock server answers with. Nothing here is shipped.

import {
  asked,
  call,
  consult,
  found,
  givenToQueue,
  match,
  olga,
  parked,
  plainly,
  third,
  waiting,
} from './world-calls.ts'
import { makeConnectors } from './world-connectors.ts'
import { history, interaction, quality, recent } from './world-history.ts'
import { business } from './world-links.ts'
import { outbox } from './world-outbox.ts'
import {
  at,
  company,
  customer,
  long,
  manyTags,
  maria,
  number,
  operator,
  pauseReasons,
  petr,
  queues,
  topics,
  type Plain,
} from './world-parts.ts'

/** The way of a call that was cut off because a colleague's phone failed. */
const cutOff = ['ANSWERED', 'LOST', 'RETURNED'].map((kind, n) => ({
  at: at(90 - 30 * n),
  kind,
  operator: olga,
  queue: null,
  number: null,
  by: null,
}))

const failing = at(420)

/** Each scenario: my presence, my calls, and what else differs. */
const scenarios: Record<string, () => { presence: string; calls: Plain[]; more?: Plain }> = {
  idle: () => ({ presence: 'READY', calls: [] }),
  offline: () => ({ presence: 'OFFLINE', calls: [] }),
  paused: () => ({ presence: 'PAUSED', calls: [] }),
  first: () => ({ presence: 'OFFLINE', calls: [], more: { recent: [], waiting: [] } }),
  offer: () => ({ presence: 'OFFERED', calls: [call('RINGING')] }),
  talking: () => ({ presence: 'TALKING', calls: [call('TALKING')] }),
  cutoff: () => ({ presence: 'OFFERED', calls: [call('RINGING', { attempts: 2, route: cutOff })] }),
  muted: () => ({ presence: 'TALKING', calls: [call('TALKING', { muted: true })] }),
  held: () => ({ presence: 'HELD', calls: [call('HELD')] }),
  second: () => ({ presence: 'TALKING', calls: [call('TALKING'), call('RINGING', { id: 'call2', customer: petr })] }),
  two: () => ({
    presence: 'TALKING',
    calls: [call('HELD', { since: at(95), customer: maria }), call('TALKING', { id: 'call2', customer: petr })],
  }),
  consultring: () => ({ presence: 'TALKING', calls: [third('CONSULTING', null)] }),
  consulting: () => ({ presence: 'TALKING', calls: [third('CONSULTING', 'GUEST')] }),
  swapped: () => ({ presence: 'TALKING', calls: [third('CONSULTING', 'CUSTOMER')] }),
  conference: () => ({ presence: 'TALKING', calls: [third('CONFERENCE', 'BOTH')] }),
  outsideparty: () => ({
    presence: 'TALKING',
    calls: [
      third('CONFERENCE', 'BOTH', {
        consult: consult('BOTH', {
          operator: null,
          party: { number: number('+74957654321', '+7 495 765-43-21'), name: '' },
        }),
        legs: [
          { id: 'leg-customer', role: 'CUSTOMER', state: 'UP', muted: true },
          { id: 'leg-guest', role: 'GUEST', state: 'UP', muted: false },
        ],
      }),
    ],
  }),
  declined: () => ({ presence: 'HELD', calls: [call('HELD')], more: { notReached: 'DECLINED' } }),
  asked: () => ({ presence: 'OFFERED', calls: [asked('CONSULTING', null)] }),
  consulted: () => ({ presence: 'TALKING', calls: [asked('CONSULTING', 'GUEST')] }),
  parked: () => ({
    presence: 'READY',
    calls: [],
    more: {
      waiting: [
        ...waiting,
        parked('k1', olga, 41),
        parked('k2', { id: 'op1', name: 'Алексей Иванов' }, 12, { customer: petr, queue: null, direction: 'OUTBOUND' }),
        third('CONFERENCE', 'BOTH', { id: 'k3', operator: olga }),
      ],
    },
  }),
  givenaway: () => ({
    presence: 'READY',
    calls: [],
    more: {
      waiting: [givenToQueue, call('RINGING', { id: 'w6', direction: 'OUTBOUND', operator: olga, customer: petr })],
    },
  }),
  rescuing: () => ({ presence: 'TALKING', calls: [call('RESCUING')] }),
  dialling: () => ({
    presence: 'TALKING',
    calls: [call('RINGING', { direction: 'OUTBOUND', from: call('x').to, to: call('x').from, queue: null })],
  }),
  wrapup: () => ({
    presence: 'WRAP_UP',
    calls: [
      call('WRAP_UP', {
        wrapUpUntil: new Date(Date.now() + 48_000).toISOString(),
        end: { at: at(12), result: 'ANSWERED', by: 'CUSTOMER', cause: 16 },
        interaction: interaction('call1', 47, {
          endedAt: at(12),
          topic: topics[0],
          comment: 'Чек отправили повторно, ждёт до вечера.',
          tags: [{ id: 'tag1', name: 'перезвонить' }],
        }),
      }),
    ],
  }),
  pending: () => ({ presence: 'OFFERED', calls: [call('RINGING', { match: match('PENDING') })] }),
  many: () => ({
    presence: 'TALKING',
    calls: [
      call('TALKING', {
        match: match('MANY', {
          candidates: [
            { customer: maria, why: 'EXACT', confidence: 0.9, ...plainly, also: ['LAST_SPOKEN'] },
            {
              customer: company,
              why: 'EXACT',
              confidence: 0.9,
              ...plainly,
              refusedBy: { __typename: 'Operator', id: 'u2', name: 'Ольга Ларина' },
            },
            { customer: petr, why: 'SUFFIX', confidence: 0.5, ...plainly },
          ],
        }),
      }),
    ],
  }),
  none: () => ({ presence: 'TALKING', calls: [call('TALKING', { match: match('NONE') })], more: { history: [] } }),
  // Nobody has the number, and a customer can be created.
  create: () => ({
    presence: 'TALKING',
    calls: [
      call('TALKING', {
        match: match('NONE'),
        from: { number: number('+79161234567', '+7 916 123-45-67'), name: 'Склад' },
      }),
    ],
    more: {
      history: [],
      systems: [
        { id: 'b24', name: 'Битрикс24' },
        { id: 'amo', name: 'amoCRM' },
      ],
    },
  }),
  business: () => ({ presence: 'TALKING', calls: [call('TALKING')], more: business }),
  businesssilent: () => ({ presence: 'TALKING', calls: [call('TALKING')], more: { silent: true } }),
  nocalls: () => ({ presence: 'OFFLINE', calls: [], more: { supervisor: true, noCalls: true } }),
  failed: () => ({
    presence: 'TALKING',
    calls: [
      call('TALKING', {
        match: match('FAILED', {
          failingSince: failing,
          problem: 'no answer in 2 s',
          candidates: [{ customer: petr, why: 'REMEMBERED', confidence: 0.6, ...plainly }],
        }),
      }),
    ],
  }),
  // From the background copy, while 1С is asked; the same customer is in two more systems.
  indexed: () => ({
    presence: 'READY',
    calls: [
      call('RINGING', {
        match: match('FOUND', {
          candidates: [
            {
              customer: { ...maria, asOf: at(7200) },
              why: 'EXACT',
              confidence: 0.95,
              also: ['LAST_SPOKEN', 'OPEN'],
              origin: 'INDEX',
              refusedBy: null,
              same: [
                { ...maria, id: 'c1b', sourceName: 'Битрикс24', url: 'https://b24.example/crm/contact/details/7/' },
                { ...maria, id: 'c1o', sourceName: 'Odoo', url: '' },
              ],
            },
          ],
          chosen: { ...maria, asOf: at(7200) },
          chosenBy: 'RULE',
          asked: ['1С', 'Битрикс24', 'Odoo'],
        }),
      }),
    ],
  }),
  failedknown: () => ({
    presence: 'TALKING',
    calls: [
      call('TALKING', { match: { ...found, state: 'FAILED', failingSince: failing, problem: 'no answer in 2 s' } }),
    ],
  }),
  anonymous: () => ({
    presence: 'TALKING',
    calls: [
      call('TALKING', {
        match: match('SKIPPED', { asked: [] }),
        from: { number: number('', '', 'ANONYMOUS'), name: '' },
      }),
    ],
  }),
  long: () => ({
    presence: 'TALKING',
    calls: [
      call('TALKING', {
        match: match('FOUND', {
          candidates: [{ customer: long, why: 'EXACT', confidence: 1, ...plainly }],
          chosen: long,
          chosenBy: 'PERSON',
          chosenByOperator: { id: 'op2', name: 'Ирина Константинопольская' },
        }),
        interaction: interaction('call1', 47, { topic: topics[10], tags: manyTags, comment: 'Ждёт. '.repeat(60) }),
      }),
    ],
    more: {
      history: [
        interaction('l1', 7200, {
          tags: manyTags,
          topic: {
            id: 'l',
            group: 'Техническая поддержка промышленного оборудования',
            name: 'Настройка обмена с внешней учётной системой',
          },
          comment: `${'Долгий разговор о сроках и отгрузке. '.repeat(12)}https://example.org/${'a'.repeat(90)}`,
          operator: { id: 'op2', name: 'Преображенский-Вознесенский Александр Константинович' },
        }),
        interaction('l2', 90_000, { tags: [], topic: null, comment: '', operator: null, queue: null }),
      ],
    },
  }),
  longmany: () => ({
    presence: 'TALKING',
    calls: [
      call('TALKING', {
        match: match('MANY', {
          candidates: [long, company, { ...long, id: 'c6', name: '' }].map((customer) => ({
            customer,
            why: 'REMEMBERED',
            confidence: 0.9,
            ...plainly,
          })),
        }),
      }),
    ],
  }),
  bare: () => ({
    presence: 'TALKING',
    calls: [
      call('TALKING', {
        match: match('FOUND', {
          chosen: customer('c5', '', '', { numbers: [], emails: [], responsible: '', url: '', taxId: '' }),
          chosenBy: 'RULE',
        }),
      }),
    ],
    more: { history: [] },
  }),
  internal: () => ({
    presence: 'TALKING',
    calls: [
      call('TALKING', {
        match: match('SKIPPED', { asked: [] }),
        from: { number: number('204', '204', 'INTERNAL'), name: 'Склад, Николай' },
      }),
    ],
  }),
  behind: () => ({ presence: 'TALKING', calls: [call('TALKING')], more: { drop: true } }),
  takenover: () => ({ presence: 'TALKING', calls: [call('TALKING')], more: { takenOver: true } }),
  pbxdown: () => ({ presence: 'READY', calls: [], more: { pbxDown: true } }),
  demo: () => ({ presence: 'READY', calls: [], more: { demo: true } }),
  realphone: () => ({ presence: 'OFFLINE', calls: [], more: { realPhone: true } }),
  supervisor: () => ({
    presence: 'OFFLINE',
    calls: [],
    more: {
      supervisor: true,
      systems: [{ id: 'b24', name: 'Битрикс24' }],
      waiting: [...waiting, call('TALKING', { id: 'w4', operator: { id: 'op2', name: 'Ольга Белова' }, quality })],
    },
  }),
  admin: () => ({
    presence: 'OFFLINE',
    calls: [],
    more: {
      admin: true,
      systems: [
        { id: '1c', name: '1С', active: true },
        { id: 'old', name: 'Bitrix24', active: false },
      ],
      outbox: outbox(),
    },
  }),
  delivered: () => ({
    presence: 'OFFLINE',
    calls: [],
    more: { admin: true, systems: [{ id: '1c', name: '1С', active: true }], outbox: [] },
  }),
  silentcrm: () => ({ presence: 'OFFLINE', calls: [], more: { admin: true } }),
  lostvoice: () => ({
    presence: 'OFFLINE',
    calls: [],
    more: {
      supervisor: true,
      waiting: [call('RESCUING', { id: 'w4', operator: { id: 'op2', name: 'Ольга Белова' } })],
    },
  }),
  noconnectors: () => ({ presence: 'OFFLINE', calls: [], more: { supervisor: true, admin: true, connectors: [] } }),
  desk: () => ({ presence: 'OFFERED', calls: [call('RINGING')], more: { me: { device: 'DESK' } } }),
  deskaway: () => ({ presence: 'PAUSED', calls: [], more: { me: { device: 'DESK', phoneOnline: false } } }),
}

export interface World {
  /** What the next commands are refused with. */
  refusal?: { code: string; message: string; fields?: Record<string, string> }
  readonly me: Plain
  readonly calls: Plain[]
  readonly waiting: Plain[]
  readonly queues: Plain[]
  readonly operators: Plain[]
  readonly history: Plain[]
  readonly recent: Plain[]
  readonly topics: Plain[]
  readonly pauseReasons: Plain[]
  readonly customers: Plain[]
  readonly connectors: Plain[]
  readonly preferences: { language: string; theme: string }
  readonly more: Plain
}

export const scenarioNames = Object.keys(scenarios)

/** Makes the world of a scenario; unknown names are the idle one. */
export function makeWorld(scenario: string): World {
  const {
    presence,
    calls,
    more = {},
  } = (scenarios[scenario] ?? scenarios['idle'])?.() ?? { presence: 'READY', calls: [] }
  const me = operator('op1', 'Алексей Иванов', presence, 761, more['me'] as Plain | undefined)
  return {
    me,
    calls,
    waiting: (more['waiting'] as Plain[] | undefined) ?? waiting,
    queues,
    operators: [
      me,
      operator('op2', 'Ольга Белова', 'TALKING', 190),
      operator('op3', 'Павел Зуев', 'READY', 71),
      operator('op4', 'Ирина Константинопольская', 'WRAP_UP', 22),
      operator('op5', 'Сергей Ким', 'PAUSED', 1300),
      operator('op6', 'Зоя Мир', 'OFFLINE', 9000),
      operator('op7', 'Лев Дуб', 'OFFLINE', 9000),
    ],
    history: (more['history'] as Plain[] | undefined) ?? history,
    recent: (more['recent'] as Plain[] | undefined) ?? recent,
    topics,
    pauseReasons,
    customers: [maria, company, petr],
    connectors: (more['connectors'] as Plain[] | undefined) ?? makeConnectors(),
    preferences: { language: '', theme: 'auto' },
    more,
  }
}
