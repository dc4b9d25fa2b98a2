// A small GraphQL server with the real schema, for looking at screens without a Pult: `npm run mock`, then `npm run dev`,
// then /__mock?scenario=talking. It also serves the built app from dist, as the screenshots want it. A dev tool, never shipped.

import { makeExecutableSchema } from '@graphql-tools/schema'
import { graphql, type GraphQLFieldResolver } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { extname, join } from 'node:path'
import { WebSocketServer } from 'ws'
import { makeWorld, scenarioNames, type World } from './world.ts'

type Plain = Record<string, unknown>
interface Context {
  world: World
  scenario: string
}

const here = import.meta.dirname
const schemaFolder = join(here, '../../graph/schema')
const typeDefs = readdirSync(schemaFolder).map((file) => readFileSync(join(schemaFolder, file), 'utf8'))
const worlds = new Map<string, World>()
const watchers = new Set<{ scenario: string; push: (call: Plain) => void }>()

function worldOf(scenario: string): World {
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

const commandOn =
  (fields: (input: Plain) => Plain): GraphQLFieldResolver<unknown, Context, { input: Plain }> =>
  (_, { input }, context) =>
    change(context, input['callId'], fields(input))

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
      else if (call['state'] === 'ENDED') yield { callFeed: { __typename: 'CallRemoved', id: call['id'], cursor: cursor() } }
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

const viewer = ({ world, scenario }: Context) => ({
  operator: scenario === 'signin' ? null : world.me,
  roles: ['OPERATOR'],
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
  now: new Date().toISOString(),
})

const resolvers = {
  Query: {
    viewer: (_: unknown, __: unknown, context: Context) => viewer(context),
    system: (_: unknown, __: unknown, { world }: Context) => ({
      ready: true,
      version: 'mock',
      parts: [{ name: 'pbx', ok: !world.more['pbxDown'], since: new Date(Date.now() - 300_000).toISOString(), detail: '' }],
    }),
    topics: (_: unknown, __: unknown, { world }: Context) => world.topics,
    tags: () => ['перезвонить', 'жалоба', 'срочно'].map((name, i) => ({ id: `tag${i}`, name })),
    pauseReasons: (_: unknown, __: unknown, { world }: Context) => world.pauseReasons,
    customer: (_: unknown, { id }: Plain, { world }: Context) => world.customers.find((customer) => customer['id'] === id),
    customers: (_: unknown, { search }: Plain, { world }: Context) =>
      world.customers.filter((customer) => JSON.stringify(customer).toLowerCase().includes(String(search).toLowerCase())),
    interactions: (_: unknown, { filter }: { filter: Plain | null }, { world }: Context) =>
      connection(filter?.['operatorId'] ? world.recent : [...world.calls.map((call) => call['interaction'] as Plain), ...world.history]),
  },
  Mutation: {
    signIn: (_: unknown, { input }: { input: Plain }, context: Context) => {
      const code = { wrong: 'UNAUTHENTICATED', slow: 'RATE_LIMITED' }[String(input['password'])]
      if (code) throw Object.assign(new Error('refused'), { extensions: { code, retryAfter: 27 } })
      return { viewer: viewer({ ...context, scenario: 'idle' }) }
    },
    signOut: () => ({ ok: true }),
    setPreferences: (_: unknown, { input }: { input: Plain }, context: Context) => {
      Object.assign(context.world.preferences, input)
      return { viewer: viewer(context) }
    },
    startPhone: () => ({
      phone: {
        id: 'phone1',
        wsUrls: [],
        uri: '',
        authorizationUser: '',
        realm: '',
        ha1: '',
        displayName: '',
        iceServers: [],
        registerExpires: 60,
        simulated: true,
      },
    }),
    setAvailability: (_: unknown, { input }: { input: Plain }, { world }: Context) => {
      Object.assign(world.me, { availability: input['availability'], presence: input['availability'], version: Number(world.me['version']) + 1 })
      return { operator: world.me }
    },
    answer: commandOn(() => ({ state: 'TALKING', answeredAt: new Date().toISOString(), offerUntil: null })),
    decline: commandOn(() => ({ state: 'ENDED' })),
    hangUp: commandOn(() => ({ state: 'WRAP_UP', end: { at: new Date().toISOString(), result: 'ANSWERED', by: 'OPERATOR', cause: 16 } })),
    hold: commandOn(() => ({ state: 'HELD', held: true })),
    resume: commandOn(() => ({ state: 'TALKING', held: false })),
    setMuted: commandOn(({ muted }) => ({ muted })),
    sendDigits: commandOn(() => ({})),
    retryMatch: commandOn(() => ({})),
    linkCustomer: (_: unknown, { input }: { input: Plain }, context: Context) => {
      const chosen = context.world.customers.find((customer) => customer['id'] === input['customerId'])
      const match = { state: 'FOUND', candidates: [], chosen, chosenBy: 'PERSON', chosenByOperator: context.world.me, problem: '', asked: ['1С'] }
      return change(context, input['callId'], { match })
    },
    wrapUp: (_: unknown, { input }: { input: Plain }, context: Context) => {
      const state = input['action'] === 'FINISH' ? { state: 'ENDED' } : {}
      const { call } = change(context, input['callId'], state)
      return { call, interaction: { ...(call['interaction'] as Plain), commentSavedAt: new Date().toISOString() } }
    },
    demoCall: () => ({ ok: true }),
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
        await new Promise(() => {})
      },
    },
  },
}

const schema = makeExecutableSchema<Context>({ typeDefs, resolvers, resolverValidationOptions: { requireResolversForResolveType: 'ignore' } })

function contextOf(request: IncomingMessage): Context {
  const scenario = /pult-mock=([\w-]+)/u.exec(request.headers.cookie ?? '')?.[1] ?? 'idle'
  return { scenario, world: worldOf(scenario) }
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
}

const policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:; img-src 'self' data:; object-src 'none'"

const server = createServer((request, response) => {
  void (async () => {
    const url = new URL(request.url ?? '/', 'http://mock')
    if (url.pathname === '/__mock') {
      const scenario = url.searchParams.get('scenario') ?? ''
      worlds.delete(scenario)
      if (scenario) response.setHeader('Set-Cookie', `pult-mock=${scenario}; Path=/`)
      response.setHeader('Content-Type', 'text/html; charset=utf-8')
      if (scenario) response.writeHead(302, { Location: '/' }).end()
      else response.end(['signin', ...scenarioNames].map((name) => `<p><a href="?scenario=${name}">${name}</a>`).join(''))
      return
    }
    if (url.pathname === '/graphql') {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const { query, variables, operationName } = JSON.parse(Buffer.concat(chunks).toString()) as Plain
      const result = await graphql({
        schema,
        source: String(query),
        variableValues: variables as Plain,
        operationName: operationName as string,
        contextValue: contextOf(request),
      })
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(result))
      return
    }
    const file = join(here, '../dist', extname(url.pathname) ? url.pathname : 'index.html')
    if (!existsSync(file)) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, { 'Content-Type': types[extname(file)] ?? 'application/octet-stream', 'Content-Security-Policy': policy })
    response.end(readFileSync(file))
  })()
})

const sockets = new WebSocketServer({ server, path: '/graphql' })
useServer(
  {
    schema,
    context: ({ extra }) => contextOf(extra.request),
    onConnect: ({ extra }) => {
      const { world } = contextOf(extra.request)
      if (!world.more['drop']) return true
      if (world.more['dropped']) extra.socket.close(1013)
      world.more['dropped'] = true
      setTimeout(() => extra.socket.close(1012), 1500)
      return true
    },
  },
  sockets,
)

const port = Number(process.env['PORT'] ?? 4080)
server.listen(port, '127.0.0.1', () => console.log(`mock: http://127.0.0.1:${port}/__mock`))
