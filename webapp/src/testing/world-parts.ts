// Small parts of the world of the tests: times, numbers, queues, people, customers. Nothing here is shipped.

export type Plain = Record<string, unknown>

/** A time so many seconds ago. */
export const at = (secondsAgo: number) => new Date(Date.now() - secondsAgo * 1000).toISOString()
export const number = (e164: string, display: string, kind = 'PUBLIC') => ({ e164, display, kind })

export const queues = [
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
export const [support, sales] = queues as Plain[]

export const pauseReasons = [
  { id: 'p1', key: 'lunch', name: 'Обед', system: false },
  { id: 'p2', key: 'break', name: 'Перерыв', system: false },
  { id: 'p3', key: 'training', name: 'Обучение', system: false },
  { id: 'p9', key: 'no_answer', name: 'Не ответил на звонок', system: true },
]

export const operator = (id: string, name: string, presence: string, since: number, more: Plain = {}) => ({
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

export const topics = [
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

export const customer = (id: string, name: string, company: string, more: Plain = {}) => ({
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

export const maria = customer('c1', 'Мария Котова', 'ООО «Василёк»')
export const company = customer('c2', 'ООО «Северный ветер — торговый дом»', 'ООО «Северный ветер — торговый дом»', {
  kind: 'COMPANY',
  emails: [],
  responsible: 'Анна Седова',
})
export const petr = customer('c3', 'Пётр Смирнов', 'ИП Смирнов П. А.', { emails: [], responsible: '' })

// Everything as long as it comes in a real base.
export const long = customer(
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
export const manyTags = [
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
