// The real schema over small worlds: what tests and the mock server answer from. Never shipped.

import { makeExecutableSchema } from '@graphql-tools/schema'
import type { GraphQLFieldResolver } from 'graphql'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { call as callOf } from './world-calls.ts'
import { customerFields, linkMutations, linkQueries } from './world-links.ts'
import { number } from './world-parts.ts'
import { makeWorld, type World } from './world.ts'
import { connectorAnswers } from './world-connectors.ts'

type Plain = Record<string, unknown>
/** Whom a resolver answers. */
export interface Context {
  readonly world: World
  readonly scenario: string
}

const schemaFolder = join(import.meta.dirname, '../../../graph/schema')
const typeDefs = readdirSync(schemaFolder).map((file) => readFileSync(join(schemaFolder, file), 'utf8'))
const worlds = new Map<string, World>()

const watchers = new Set<{ scenario: string; push: (call: Plain) => void }>()

/** The world of a scenario; one for all who look at it. */
export function worldOf(scenario: string): World {
  let world = worlds.get(scenario)
  if (!world) worlds.set(scenario, (world = makeWorld(scenario)))
  return world
}

const cursor = () => String(Date.now())
const synced = () => ({ __typename: 'Synced', cursor: cursor(), at: new Date().toISOString() })
const connection = (nodes: Plain[]) => ({
  edges: nodes.map((node) => ({ node, cursor: String(node['id']) })),
  pageInfo: { hasNextPage: false, endCursor: null },
})

/** Begins a scenario anew. */
export function resetWorld(scenario: string): void {
  worlds.delete(scenario)
}

/** Changes my call and tells the watchers. */
function change(context: Context, callId: unknown, fields: Plain): { call: Plain } {
  const { calls } = context.world
  const i = calls.findIndex((call) => call['id'] === callId)
  const before = calls[i]
  if (!before) throw Object.assign(new Error('no such call'), { extensions: { code: 'NOT_FOUND' } })
  const call = { ...before, ...fields, version: Number(before['version']) + 1, since: new Date().toISOString() }
  calls[i] = call
  for (const { scenario, push } of watchers) if (scenario === context.scenario) push(call)
  return { call }
}

const noteLimits = { comment: 10_000, tags: 20, tag: 50 }

function notesProblem({ tags, comment }: Plain): Plain | undefined {
  if (typeof comment === 'string' && comment.length > noteLimits.comment) return { comment: 'is too long' }
  if (Array.isArray(tags) && tags.length > noteLimits.tags) return { tags: 'are too many' }
  return undefined
}

const commandOn =
  (
    fields: (input: Plain, call: Plain, context: Context) => Plain,
  ): GraphQLFieldResolver<unknown, Context, { input: Plain }> =>
  (_, { input }, context) => {
    const { refusal, calls } = context.world
    if (refusal) throw Object.assign(new Error(refusal.message), { extensions: refusal })
    const call = calls.find((one) => one['id'] === input['callId'])
    return change(context, input['callId'], fields(input, call ?? {}, context))
  }

async function* myCalls(context: Context) {
  const queue: Plain[] = []
  let wake: () => void = () => {}
  const watcher = {
    scenario: context.scenario,
    push: (call: Plain) => {
      queue.push(call)
      wake()
    },
  }
  watchers.add(watcher)
  try {
    for (const call of context.world.calls) yield { callFeed: { __typename: 'CallChanged', call, cursor: cursor() } }
    yield { callFeed: synced() }
    for (;;) {
      const call = queue.shift()
      if (!call) await new Promise<void>((resolve) => (wake = resolve))
      else if (call['state'] === 'ENDED')
        yield { callFeed: { __typename: 'CallRemoved', id: call['id'], cursor: cursor() } }
      else yield { callFeed: { __typename: 'CallChanged', call, cursor: cursor() } }
    }
  } finally {
    watchers.delete(watcher)
  }
}

async function* snapshot(field: string, items: Plain[]) {
  for (const item of items) yield { [field]: { ...item, cursor: cursor() } }
  yield { [field]: synced() }
  await new Promise(() => {})
}

/** What the operators' pages last said, by presence. */
const readiness = (operator: Plain) => {
  const [kind, step] = (
    {
      op3: ['NO_MICROPHONE', { name: 'PERMISSION', state: 'FAILED', problem: 'denied', detail: '' }],
      op4: ['BUSY', { name: 'MEDIA', state: 'FAILED', problem: 'no_media', detail: '' }],
      op5: ['AWAY', { name: 'NOTIFICATIONS', state: 'WARN', problem: 'notifications_default', detail: '' }],
    } as Record<string, [string, Plain]>
  )[String(operator['id'])] ?? [
    { READY: 'CAN_TAKE', OFFLINE: 'AWAY' }[String(operator['presence'])] ?? 'BUSY',
    undefined,
  ]
  const since = operator['since']
  const troubles = step ? [{ ...step, since }] : []
  return {
    id: operator['id'],
    operator,
    readiness: kind,
    since,
    desk: operator['id'] === 'op6',
    version: 1,
    health:
      operator['id'] === 'op7'
        ? null
        : {
            at: since,
            checkedAt: since,
            browser: 'Chrome 142',
            platform: 'Windows',
            microphone: 'Jabra Evolve2 65',
            speaker: 'Jabra Evolve2 65',
            steps: troubles,
            troubles,
            errors: operator['id'] === 'op4' ? [{ at: since, kind: 'SIP', text: 'call: Connection Error' }] : [],
          },
  }
}

const outboxOf = (world: World) => (world.more['outbox'] ?? []) as Plain[]
const waiting = { state: 'PENDING', reason: '', reasonCode: null, attempts: 0 }

function changeEntry(world: World, id: unknown, fields: Plain): { entry: Plain | undefined } {
  const entry = outboxOf(world).find((one) => one['id'] === id)
  if (entry) Object.assign(entry, fields)
  return { entry }
}

const outboxConnectors = (world: World) =>
  ((world.more['systems'] ?? []) as Plain[]).map((system) => {
    const of = (state: string) =>
      outboxOf(world).filter((entry) => entry['connectorId'] === system['id'] && entry['state'] === state)
    const [pending, dead] = [of('PENDING'), of('DEAD')]
    return {
      ...system,
      waiting: pending.length,
      waitingSince: pending[0]?.['since'] ?? null,
      dead: dead.length,
      deadSince: dead[0]?.['since'] ?? null,
      held: of('HELD').length,
      problem: pending.find((entry) => entry['reason'] !== '')?.['reason'] ?? '',
    }
  })

const viewer = ({ world, scenario }: Context) => ({
  operator: scenario === 'signin' ? null : world.me,
  roles: world.more['admin']
    ? ['OPERATOR', 'SUPERVISOR', 'ADMIN']
    : world.more['supervisor']
      ? ['OPERATOR', 'SUPERVISOR']
      : ['OPERATOR'],
  preferences: world.preferences,
  demo: world.more['demo']
    ? {
        simulated: true,
        callers: world.customers.map((customer) => ({
          name: customer['name'],
          company: customer['company'],
          number: (customer['numbers'] as { number: Plain }[])[0]?.number,
        })),
      }
    : null,
  alerts: { longHold: 60, deadAir: 15 },
  now: new Date().toISOString(),
})

const connectors = connectorAnswers((context) => (context as Context).world.connectors)

const resolvers = {
  Customer: customerFields,
  Query: {
    ...linkQueries,
    ...connectors.Query,
    viewer: (_: unknown, __: unknown, context: Context) => viewer(context),
    system: (_: unknown, __: unknown, { world }: Context) => ({
      ready: true,
      version: 'mock',
      parts: [
        { name: 'pbx', ok: !world.more['pbxDown'], since: new Date(Date.now() - 300_000).toISOString(), detail: '' },
      ],
    }),
    topics: (_: unknown, __: unknown, { world }: Context) => world.topics,
    noteLimits: () => noteLimits,
    tags: () => ['перезвонить', 'жалоба', 'срочно'].map((name, i) => ({ id: `tag${i + 1}`, name })),
    pauseReasons: (_: unknown, __: unknown, { world }: Context) => world.pauseReasons,
    customer: (_: unknown, { id }: Plain, { world }: Context) =>
      world.customers.find((customer) => customer['id'] === id),
    customers: (_: unknown, { search }: Plain, { world }: Context) =>
      world.customers.filter((customer) =>
        JSON.stringify(customer).toLowerCase().includes(String(search).toLowerCase()),
      ),
    interaction: (_: unknown, { id }: Plain, { world }: Context) =>
      [...world.history, ...world.recent].find((item) => item['id'] === id),
    call: (_: unknown, { id }: Plain, { world }: Context) => world.waiting.find((call) => call['id'] === id),
    interactions: (_: unknown, { filter }: { filter: Plain | null }, { world }: Context) =>
      connection(
        filter?.['operatorId']
          ? world.recent
          : [...world.calls.map((call) => call['interaction'] as Plain), ...world.history],
      ),
    outbox: (_: unknown, { filter }: { filter: { states: string[] } }, { world }: Context) =>
      connection(outboxOf(world).filter((entry) => filter.states.includes(String(entry['state'])))),
    outboxConnectors: (_: unknown, __: unknown, { world }: Context) => outboxConnectors(world),
  },
  Mutation: {
    ...linkMutations,
    ...connectors.Mutation,
    retryOutboxEntry: (_: unknown, { input }: { input: Plain }, { world }: Context) => {
      if (world.refusal) throw Object.assign(new Error(world.refusal.message), { extensions: world.refusal })
      return changeEntry(world, input['id'], waiting)
    },
    editOutboxEntry: (_: unknown, { input }: { input: Plain }, { world }: Context) => {
      if (world.refusal) throw Object.assign(new Error(world.refusal.message), { extensions: world.refusal })
      const { id, comment } = input
      return changeEntry(world, id, { ...waiting, edited: true, ...(comment === undefined ? {} : { comment }) })
    },
    discardOutboxEntry: (_: unknown, { input }: { input: Plain }, { world }: Context) =>
      changeEntry(world, input['id'], { state: 'DISCARDED' }),
    replayOutbox: (_: unknown, { input }: { input: Plain }, { world }: Context) => {
      const dead = outboxOf(world).filter(
        (entry) => entry['state'] === 'DEAD' && entry['connectorId'] === input['connectorId'],
      )
      for (const entry of dead) Object.assign(entry, waiting)
      return { replayed: dead.length }
    },
    signIn: (_: unknown, { input }: { input: Plain }, context: Context) => {
      const code = { wrong: 'UNAUTHENTICATED', slow: 'RATE_LIMITED' }[String(input['password'])]
      if (code)
        throw Object.assign(new Error('refused'), {
          extensions: code === 'RATE_LIMITED' ? { code, retryAfter: 27 } : { code },
        })
      return { viewer: viewer({ ...context, scenario: 'idle' }) }
    },
    signOut: () => ({ ok: true }),
    setPreferences: (_: unknown, { input }: { input: Plain }, context: Context) => {
      Object.assign(context.world.preferences, input)
      return { viewer: viewer(context) }
    },
    startPhone: (_: unknown, __: unknown, { world }: Context) => ({
      phone: {
        id: 'phone1',
        wsUrls: world.more['realPhone'] ? ['ws://127.0.0.1:9999/ws'] : [],
        uri: 'sip:op-1@pbx.example',
        authorizationUser: 'op-1',
        realm: '',
        ha1: '',
        displayName: '',
        iceServers: [],
        registerExpires: 60,
        simulated: !world.more['realPhone'],
      },
    }),
    setAvailability: (_: unknown, { input }: { input: Plain }, { world }: Context) => {
      Object.assign(world.me, {
        availability: input['availability'],
        presence: input['availability'],
        version: Number(world.me['version']) + 1,
      })
      return { operator: world.me }
    },
    answer: commandOn(() => ({ state: 'TALKING', answeredAt: new Date().toISOString(), offerUntil: null })),
    dial: (_: unknown, { input }: { input: Plain }, { world, scenario }: Context) => {
      if (world.refusal) throw Object.assign(new Error(world.refusal.message), { extensions: world.refusal })
      const to = { name: '', number: number(String(input['number']), String(input['number'])) }
      const call = callOf('RINGING', { id: 'dialled', direction: 'OUTBOUND', to, queue: null })
      world.calls.push(call)
      for (const { scenario: watched, push } of watchers) if (watched === scenario) push(call)
      return { call }
    },
    decline: commandOn(() => ({ state: 'ENDED' })),
    hangUp: commandOn(() => ({
      state: 'WRAP_UP',
      end: { at: new Date().toISOString(), result: 'ANSWERED', by: 'OPERATOR', cause: 16 },
    })),
    hold: commandOn(() => ({ state: 'HELD', held: true })),
    resume: commandOn(() => ({ state: 'TALKING', held: false })),
    setMuted: commandOn(({ muted }) => ({ muted })),
    sendDigits: commandOn(() => ({})),
    transfer: commandOn(() => ({ state: 'ENDED' })),
    consult: commandOn(({ to }, call, { world }) => {
      const { operatorId, number } = to as { operatorId?: string; number?: string }
      const operator = world.operators.find((one) => one['id'] === operatorId) ?? null
      return {
        state: 'CONSULTING',
        held: true,
        legs: [...(call['legs'] as Plain[]), { id: 'leg-guest', role: 'GUEST', state: 'RINGING', muted: false }],
        consult: {
          operator,
          party: {
            number: { e164: number ?? '', display: number ?? '', kind: number === undefined ? 'INTERNAL' : 'PUBLIC' },
            name: operator?.['name'] ?? '',
          },
          by: world.me,
          since: new Date().toISOString(),
          reached: false,
          front: null,
          blind: false,
        },
      }
    }),
    swapConsult: commandOn((_, call) => {
      const front = (call['consult'] as Plain)['front'] === 'GUEST' ? 'CUSTOMER' : 'GUEST'
      return { held: front === 'GUEST', consult: { ...(call['consult'] as Plain), front } }
    }),
    mergeConsult: commandOn((_, call) => ({
      state: 'CONFERENCE',
      held: false,
      consult: { ...(call['consult'] as Plain), front: 'BOTH' },
    })),
    completeConsult: commandOn(() => ({ state: 'ENDED' })),
    cancelConsult: commandOn(() => ({ state: 'TALKING', held: false, consult: null })),
    muteParty: commandOn(({ legId, muted }, call) => ({
      legs: (call['legs'] as Plain[]).map((leg) => (leg['id'] === legId ? { ...leg, muted } : leg)),
    })),
    dropParty: commandOn(() => ({ state: 'TALKING', held: false, consult: null })),
    parkCall: commandOn(() => ({ state: 'ENDED' })),
    takeCall: (_: unknown, { input }: { input: Plain }, { world }: Context) => ({
      call: world.waiting.find((call) => call['id'] === input['callId']),
    }),
    retryMatch: commandOn(() => ({})),
    unlinkCustomer: commandOn((_, call) => ({
      match: { ...(call['match'] as Plain), state: 'NONE', candidates: [], chosen: null, chosenBy: null },
      customer: null,
    })),
    linkCustomer: (_: unknown, { input }: { input: Plain }, context: Context) => {
      const chosen = context.world.customers.find((customer) => customer['id'] === input['customerId'])
      const match = {
        state: 'FOUND',
        candidates: [],
        chosen,
        chosenBy: 'PERSON',
        chosenByOperator: context.world.me,
        problem: '',
        asked: ['1С'],
      }
      return change(context, input['callId'], { match })
    },
    wrapUp: (_: unknown, { input }: { input: Plain }, context: Context) => {
      const before = context.world.calls.find((call) => call['id'] === input['callId'])?.['interaction'] as
        Plain | undefined
      const wrong = notesProblem(input)
      if (wrong) throw Object.assign(new Error('refused'), { extensions: { code: 'BAD_USER_INPUT', fields: wrong } })
      const { topicId, tags, comment } = input as { topicId?: string; tags?: string[]; comment?: string }
      const interaction = {
        ...before,
        topic:
          topicId === '' ? null : (context.world.topics.find((topic) => topic['id'] === topicId) ?? before?.['topic']),
        tags: tags?.map((name) => ({ id: `tag-${name}`, name })) ?? before?.['tags'],
        comment: comment ?? before?.['comment'],
        commentSavedAt: new Date().toISOString(),
      }
      const state = input['action'] === 'FINISH' ? { state: 'ENDED' } : {}
      const { call } = change(context, input['callId'], { ...state, interaction })
      return { call, interaction }
    },
    demoCall: () => ({ ok: true }),
    reportPhoneHealth: () => ({ ok: true }),
  },
  Subscription: {
    callFeed: {
      subscribe: (_: unknown, { scope }: Plain, context: Context) =>
        scope === 'MINE'
          ? myCalls(context)
          : snapshot(
              'callFeed',
              context.world.waiting.map((call) => ({ __typename: 'CallChanged', call })),
            ),
    },
    queueFeed: {
      subscribe: (_: unknown, __: unknown, { world }: Context) =>
        snapshot(
          'queueFeed',
          world.queues.map((queue) => ({ __typename: 'QueueChanged', queue })),
        ),
    },
    operatorFeed: {
      subscribe: (_: unknown, __: unknown, { world }: Context) =>
        snapshot(
          'operatorFeed',
          world.operators.map((operator) => ({ __typename: 'OperatorChanged', operator })),
        ),
    },
    readinessFeed: {
      subscribe: (_: unknown, __: unknown, { world }: Context) =>
        snapshot(
          'readinessFeed',
          world.operators.map((operator) => ({ __typename: 'ReadinessChanged', readiness: readiness(operator) })),
        ),
    },
    interactionFeed: {
      async *subscribe() {
        await new Promise(() => {})
        yield {}
      },
    },
    notices: {
      async *subscribe(_: unknown, __: unknown, { world }: Context) {
        const notice = { id: 'n1', at: new Date().toISOString(), text: '', callId: null, phoneClientId: 'another' }
        if (world.more['takenOver']) {
          await new Promise((resolve) => setTimeout(resolve, 700))
          yield { notices: { ...notice, kind: 'PHONE_TAKEN_OVER' } }
        }
        if (world.more['notReached']) {
          await new Promise((resolve) => setTimeout(resolve, 700))
          yield { notices: { ...notice, kind: 'NOT_REACHED', text: world.more['notReached'], callId: 'call1' } }
        }
        await new Promise(() => {})
      },
    },
  },
}

/** The real schema, answered from the worlds. */
export const schema = makeExecutableSchema<Context>({
  typeDefs,
  resolvers,
  resolverValidationOptions: { requireResolversForResolveType: 'ignore' },
})
