// A small world for looking at screens: what the mock server answers with. Nothing here is shipped.

type Plain = Record<string, unknown>

const now = () => Date.now()
const at = (secondsAgo: number) => new Date(now() - secondsAgo * 1000).toISOString()
const number = (e164: string, display: string, kind = 'PUBLIC') => ({ e164, display, kind })

const queues = [
  {
    id: 'q1',
    key: 'support',
    name: 'Поддержка',
    waiting: 3,
    oldestSince: at(42),
    ready: 2,
    talking: 4,
    operators: 9,
    ringTone: '',
    autoAnswer: false,
    version: 1,
  },
  {
    id: 'q2',
    key: 'sales',
    name: 'Продажи',
    waiting: 0,
    oldestSince: null,
    ready: 1,
    talking: 2,
    operators: 5,
    ringTone: 'bell',
    autoAnswer: false,
    version: 1,
  },
  {
    id: 'q3',
    key: 'vip',
    name: 'VIP',
    waiting: 1,
    oldestSince: at(5),
    ready: 0,
    talking: 1,
    operators: 2,
    ringTone: 'pulse',
    autoAnswer: true,
    version: 1,
  },
]
const [support, sales] = queues as Plain[]

const pauseReasons = [
  { id: 'p1', key: 'lunch', name: 'Обед', system: false },
  { id: 'p2', key: 'break', name: 'Перерыв', system: false },
  { id: 'p3', key: 'training', name: 'Обучение', system: false },
  { id: 'p9', key: 'no_answer', name: 'Не ответил на звонок', system: true },
]

const operator = (id: string, name: string, presence: string, since: number, more: Plain = {}) => ({
  id,
  login: id,
  name,
  availability: presence === 'PAUSED' || presence === 'OFFLINE' ? presence : 'READY',
  presence,
  since: at(since),
  pauseReason: presence === 'PAUSED' ? pauseReasons[0] : null,
  phoneOnline: presence !== 'OFFLINE',
  device: 'WEB',
  queues: [support, sales],
  version: 1,
  ...more,
})

const topics = [
  ['Счета', 'Возврат'],
  ['Счета', 'Не приходит чек'],
  ['Счета', 'Акт сверки'],
  ['Договор', 'Продление'],
  ['Договор', 'Расторжение'],
  ['Доставка', 'Сроки'],
  ['Доставка', 'Повреждение'],
  ['Техподдержка', 'Не открывается кабинет'],
  ['Техподдержка', 'Настройка обмена с 1С'],
  ['Прочее', 'Ошиблись номером'],
  ['Прочее', 'Реклама'],
].map(([group, name], i) => ({ id: `t${i + 1}`, name, group }))

const customer = (id: string, name: string, company: string, more: Plain = {}) => ({
  id,
  kind: 'PERSON',
  name,
  company,
  taxId: '7701234567',
  numbers: [
    { number: number('+79161234567', '+7 916 123-45-67'), label: 'мобильный' },
    { number: number('+74951234567', '+7 495 123-45-67 доб. 12'), label: 'рабочий' },
  ],
  emails: ['kotova@vasilek.example'],
  responsible: 'Игорь Орлов',
  url: 'https://1c.example/base/#e1cib/data/Catalog.Partners?ref=42',
  source: 'onec',
  sourceName: '1С',
  asOf: at(200),
  ...more,
})

const maria = customer('c1', 'Мария Котова', 'ООО «Василёк»')
const company = customer('c2', 'ООО «Северный ветер — торговый дом»', 'ООО «Северный ветер — торговый дом»', {
  kind: 'COMPANY',
  emails: [],
  responsible: 'Анна Седова',
})
const petr = customer('c3', 'Пётр Смирнов', 'ИП Смирнов П. А.', { emails: [], responsible: '' })

// Everything as long as it comes in a real base.
const long = customer(
  'c4',
  'Константинопольская-Рождественская Александра Всеволодовна',
  'Общество с ограниченной ответственностью «Северо-Западное производственно-коммерческое объединение „Лесстройкомплект“»',
  {
    numbers: ['мобильный', 'рабочий, приёмная генерального директора', 'домашний', '', 'факс'].map((label, i) => ({
      number: number(`+7916123456${i}`, `+7 916 123-45-6${i}${i === 1 ? ' доб. 12345' : ''}`),
      label,
    })),
    emails: ['aleksandra.konstantinopolskaya@severo-zapadnoe-proizvodstvennoe.example', 'zakupki@lesstroy.example'],
    responsible: 'Преображенский-Вознесенский Александр Константинович',
    sourceName: '1С:Управление торговлей, основная база',
  },
)
const manyTags = [
  'перезвонить',
  'жалоба',
  'VIP',
  'ждёт документы из бухгалтерии до конца квартала',
  'договор',
  'Очень-длинная-метка-без-единого-пробела-внутри-себя',
  'срочно',
  'повторное обращение',
  'скидка',
].map((name, i) => ({ id: `long${i}`, name }))

const interaction = (id: string, secondsAgo: number, more: Plain = {}) => ({
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
const quality = {
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

const history = [
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

const recent = [
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

/** What most candidates are: found by their system just now, with nothing else to say. */
const plainly = { also: [], origin: 'LIVE', same: [], refusedBy: null }

const match = (state: string, more: Plain = {}) => ({
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

const found = match('FOUND', {
  candidates: [{ customer: maria, why: 'EXACT', confidence: 1, ...plainly }],
  chosen: maria,
  chosenBy: 'RULE',
})

const call = (state: string, more: Plain = {}) => ({
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
  interaction: interaction('call1', 47, {
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
  offerUntil: state === 'RINGING' ? new Date(now() + 16_000).toISOString() : null,
  end: null,
  quality: null,
  ...more,
})

const olga = { id: 'op2', name: 'Ольга Белова' }
const guestLeg = (state: string) => ({ id: 'leg-guest', role: 'GUEST', state, muted: false })

/** A third party: who it is and whom the operator hears. */
const consult = (front: string | null, more: Plain = {}) => ({
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
const third = (state: string, front: string | null, more: Plain = {}) => {
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
const asked = (state: string, front: string | null) =>
  third(state, front, {
    operator: olga,
    consult: consult(front, { operator: { id: 'op1', name: 'Алексей Иванов' }, by: olga }),
  })

const parked = (id: string, by: Plain, seconds: number, more: Plain = {}) =>
  call('QUEUED', {
    id,
    operator: null,
    startedAt: at(200),
    customer: company,
    parked: { by, since: at(seconds), until: new Date(now() + (120 - seconds) * 1000).toISOString() },
    ...more,
  })

const waiting = [
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

const failing = at(420)

/** Each scenario: my presence, my calls, and what else differs. */
const scenarios: Record<string, () => { presence: string; calls: Plain[]; more?: Plain }> = {
  idle: () => ({ presence: 'READY', calls: [] }),
  offline: () => ({ presence: 'OFFLINE', calls: [] }),
  paused: () => ({ presence: 'PAUSED', calls: [] }),
  first: () => ({ presence: 'OFFLINE', calls: [], more: { recent: [], waiting: [] } }),
  offer: () => ({ presence: 'OFFERED', calls: [call('RINGING')] }),
  talking: () => ({ presence: 'TALKING', calls: [call('TALKING')] }),
  muted: () => ({ presence: 'TALKING', calls: [call('TALKING', { muted: true })] }),
  held: () => ({ presence: 'HELD', calls: [call('HELD')] }),
  second: () => ({ presence: 'TALKING', calls: [call('TALKING'), call('RINGING', { id: 'call2', customer: petr })] }),
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
  rescuing: () => ({ presence: 'TALKING', calls: [call('RESCUING')] }),
  dialling: () => ({
    presence: 'TALKING',
    calls: [call('RINGING', { direction: 'OUTBOUND', from: call('x').to, to: call('x').from, queue: null })],
  }),
  wrapup: () => ({
    presence: 'WRAP_UP',
    calls: [
      call('WRAP_UP', {
        wrapUpUntil: new Date(now() + 48_000).toISOString(),
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
      waiting: [...waiting, call('TALKING', { id: 'w4', operator: { id: 'op2', name: 'Ольга Белова' }, quality })],
    },
  }),
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
    preferences: { language: '', theme: 'auto' },
    more,
  }
}
