// What has happened in the world of the tests. Nothing here is shipped.

import { at, number, support, topics, type Plain } from './world-parts.ts'

export const interaction = (id: string, secondsAgo: number, more: Plain = {}) => ({
  id,
  channel: 'CALL',
  direction: 'INBOUND',
  startedAt: at(secondsAgo),
  endedAt: at(secondsAgo - 200),
  waited: 24,
  talked: 194,
  result: 'ANSWERED',
  number: number('+79161234567', '+7 916 123-45-67'),
  queue: support,
  operator: { id: 'op2', name: 'Ольга Белова' },
  customerName: 'Мария Котова',
  topic: topics[0],
  tags: [{ id: 'tag1', name: 'перезвонить' }],
  comment: 'Обещали чек на почту до пятницы.',
  commentSavedAt: at(secondsAgo - 200),
  ...more,
})

const figure = (now: number, average = now, worst = now) => ({ now, average, worst })
export const quality = {
  grade: 'FAIR',
  mos: 3.6,
  alerting: false,
  sides: [
    {
      side: 'CUSTOMER',
      grade: 'GOOD',
      codec: 'alaw',
      from: at(7190),
      until: at(7000),
      mos: figure(4.4),
      jitterMs: figure(1, 2, 4),
      lossIn: figure(0),
      lossOut: null,
      roundTripMs: null,
    },
    {
      side: 'PAGE',
      grade: 'FAIR',
      codec: 'opus',
      from: at(7190),
      until: at(7000),
      mos: figure(3.9, 3.6, 2.4),
      jitterMs: figure(12, 14, 60),
      lossIn: figure(0.01, 0.034, 0.2),
      lossOut: figure(0, 0.012, 0.06),
      roundTripMs: figure(48, 52, 180),
    },
    {
      side: 'OPERATOR',
      grade: 'GOOD',
      codec: 'opus',
      from: at(7190),
      until: at(7000),
      mos: figure(4.2, 4.1, 3),
      jitterMs: figure(9, 11, 40),
      lossIn: figure(0, 0.011, 0.05),
      lossOut: figure(0, 0.02, 0.1),
      roundTripMs: figure(50, 51, 170),
    },
  ],
  alerts: [
    { kind: 'ONE_WAY_IN', side: 'PAGE', from: at(7100), until: at(7091) },
    { kind: 'ONE_WAY_IN', side: 'CUSTOMER', from: at(7100), until: null },
  ],
}

export const history = [
  interaction('i1', 7200, { quality }),
  interaction('i2', 90_000, {
    channel: 'MAIL',
    talked: null,
    topic: topics[1],
    comment: 'Счёт 1207',
    tags: [],
    queue: null,
  }),
  interaction('i3', 93_000, { direction: 'OUTBOUND', talked: 62, topic: null, comment: '', tags: [] }),
  interaction('i4', 400_000, { talked: null, result: 'ABANDONED', topic: null, comment: '', operator: null, tags: [] }),
  interaction('i5', 700_000, {
    channel: 'CHAT',
    talked: null,
    comment: '«Не приходит чек»',
    topic: topics[1],
    queue: null,
    tags: [],
  }),
  interaction('i6', 2_000_000, {
    talked: 402,
    topic: topics[3],
    comment:
      'Продлили договор на год, скидка 5 %. Просит прислать акт сверки за квартал и перенести день отгрузки на среду.',
  }),
]

export const recent = [
  interaction('m1', 400, { talked: 254, customerName: 'Мария Котова' }),
  interaction('m2', 1500, {
    talked: 61,
    customerName: 'ООО «Северный ветер — торговый дом»',
    topic: topics[5],
    comment: 'Ждут машину к 14:00',
  }),
  interaction('m3', 4100, {
    talked: null,
    result: 'NO_ANSWER',
    direction: 'OUTBOUND',
    customerName: 'Пётр Смирнов',
    topic: null,
    comment: '',
  }),
  interaction('m4', 7000, { talked: 705, customerName: '', topic: topics[7], comment: '' }),
  interaction('m5', 90_000, { talked: 120, customerName: 'Мария Котова', topic: topics[3], comment: '' }),
]
