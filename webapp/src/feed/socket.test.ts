import { parse } from 'graphql'
import { makeExecutableSchema } from '@graphql-tools/schema'
import { useServer } from 'graphql-ws/use/ws'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { WebSocketServer } from 'ws'
import type { AddressInfo } from 'node:net'
import type { Timers } from '@/lib/timers'
import { retryDelay, SocketSource } from './socket'
import type { SourceListener } from './source'

// A real graphql-transport-ws server and Node's real WebSocket.
const schema = makeExecutableSchema({
  typeDefs:
    'type Query { ok: Boolean } type Mutation { beat: Boolean fail: Boolean never: Boolean } type Subscription { count: Int broken: Int }',
  resolvers: {
    Mutation: {
      beat: () => {
        beats++
        return true
      },
      fail: () => {
        throw new Error('no')
      },
      never: async () => new Promise(() => {}),
    },
    Subscription: {
      count: {
        async *subscribe() {
          yield { count: 1 }
          await new Promise(() => {})
        },
      },
    },
  },
})
let beats = 0
const countDocument = parse('subscription { count }')

/** The source's timers: short ones run by themselves, the heart beats when the test says so. */
class HandTimers implements Timers {
  readonly waiting = new Map<number, () => void>()

  after(milliseconds: number, act: () => void): () => void {
    if (milliseconds < 4000) {
      const timer = setTimeout(act, milliseconds)
      return () => clearTimeout(timer)
    }
    this.waiting.set(milliseconds, act)
    return () => {
      if (this.waiting.get(milliseconds) === act) this.waiting.delete(milliseconds)
    }
  }

  /** Lets the timer of so many milliseconds run out. */
  async runOut(milliseconds: number): Promise<void> {
    const act = await vi.waitUntil(() => this.waiting.get(milliseconds))
    this.waiting.delete(milliseconds)
    act()
  }
}

let server: WebSocketServer
let timers: HandTimers
let mute: boolean
let pinged: number
let source: SocketSource
let refuse: number | undefined
let told: Record<keyof SourceListener, number>

beforeEach(async () => {
  refuse = undefined
  mute = false
  pinged = 0
  timers = new HandTimers()
  told = { connected: 0, lost: 0, heard: 0, signedOut: 0 }
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  useServer(
    {
      schema,
      onConnect: async ({ extra }) => {
        if (refuse !== undefined) extra.socket.close(refuse, 'refused')
        if (mute) await new Promise(() => {})
        return true
      },
      onPing: () => {
        pinged++
      },
    },
    server,
  )
  await new Promise((resolve) => server.once('listening', resolve))
  source = new SocketSource(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, timers)
  source.listen({
    connected: () => told.connected++,
    lost: () => told.lost++,
    heard: () => told.heard++,
    signedOut: () => told.signedOut++,
  })
})

afterEach(async () => {
  source.close()
  for (const client of server.clients) client.terminate()
  await new Promise((resolve) => server.close(resolve))
})

const closeAll = (code: number) => {
  for (const client of server.clients) client.close(code)
}

test('connects by itself and delivers', async () => {
  const items: unknown[] = []
  source.subscribe(countDocument, {}, { next: (item) => items.push(item), ended: () => {} })
  await vi.waitFor(() => expect(items).toEqual([{ count: 1 }]))
  expect(told.connected).toBe(1)
  expect(told.heard).toBeGreaterThan(0)
})

// 4500, 4400 and 1011 are final for graphql-ws itself.
test.each([1000, 1001, 1011, 1012, 1013, 4400, 4408, 4499, 4500])(
  'comes back after close code %i, subscriptions too',
  async (code) => {
    const items: unknown[] = []
    source.subscribe(countDocument, {}, { next: (item) => items.push(item), ended: () => {} })
    await vi.waitFor(() => expect(items).toHaveLength(1))
    closeAll(code)
    await vi.waitFor(() => expect(items).toHaveLength(2), 5000)
    expect(told.lost).toBeGreaterThanOrEqual(1)
    expect(told.signedOut).toBe(0)
  },
)

test.each([4401, 4403])('gives up after %i: the session is over', async (code) => {
  await vi.waitFor(() => expect(told.connected).toBe(1))
  refuse = code
  closeAll(code)
  await vi.waitFor(() => expect(told.signedOut).toBe(1))
  expect(told.connected).toBe(1)
})

test('a session that was over is there again when it is nudged: somebody has signed in', async () => {
  await vi.waitFor(() => expect(told.connected).toBe(1))
  refuse = 4401
  closeAll(4401)
  await vi.waitFor(() => expect(told.signedOut).toBe(1))
  refuse = undefined
  source.nudge()
  await vi.waitFor(() => expect(told.connected).toBe(2))
})

test('a refused subscription is told to its own sink and leaves the connection alone', async () => {
  const ended: string[] = []
  source.subscribe(parse('subscription { nothing }'), {}, { next: () => {}, ended: (reason) => ended.push(reason) })
  await vi.waitFor(() => expect(ended).toEqual(['error']))
  expect(told.lost).toBe(0)
})

test('asks for a sign of life every ten seconds', async () => {
  await vi.waitFor(() => expect(told.connected).toBe(1))
  await timers.runOut(10_000)
  await vi.waitFor(() => expect(pinged).toBe(1))
  await timers.runOut(10_000) // it has been answered
  await vi.waitFor(() => expect(pinged).toBe(2))
  expect(told.lost).toBe(0)
})

test('a connection that gives no sign of life is made anew', async () => {
  await vi.waitFor(() => expect(told.connected).toBe(1))
  for (const client of server.clients) client.pause()
  await timers.runOut(10_000)
  await timers.runOut(4000)
  expect(told.lost).toBe(1)
  await vi.waitFor(() => expect(told.connected).toBe(2))
})

test('asks at once when it is nudged, and once', async () => {
  await vi.waitFor(() => expect(told.connected).toBe(1))
  source.nudge()
  source.nudge()
  await vi.waitFor(() => expect(pinged).toBe(1))
  await vi.waitFor(() => expect(timers.waiting.has(4000)).toBe(false))
  source.nudge()
  await vi.waitFor(() => expect(pinged).toBe(2))
})

test('a server that takes the connection and says nothing is given up', async () => {
  await vi.waitFor(() => expect(told.connected).toBe(1))
  mute = true
  closeAll(1012)
  await timers.runOut(10_000)
  mute = false
  await vi.waitFor(() => expect(told.connected).toBe(2))
})

test('tries again soon at first, later in the long run, and never in step', () => {
  expect(retryDelay(0, () => 0)).toBe(150)
  expect(retryDelay(0, () => 1)).toBe(300)
  expect(retryDelay(3, () => 1)).toBe(2400)
  expect(retryDelay(20, () => 0)).toBe(5000)
  expect(retryDelay(20, () => 1)).toBe(10_000)
})

test('asks over the connection of the subscriptions, and only while there is one', async () => {
  beats = 0
  expect(await source.ask(parse('mutation { beat }'), {})).toBe(false) // not yet
  await vi.waitFor(() => expect(told.connected).toBe(1))
  expect(await source.ask(parse('mutation { beat }'), {})).toBe(true)
  expect(await source.ask(parse('mutation { fail }'), {})).toBe(false)
  expect(beats).toBe(1)
  expect(server.clients.size).toBe(1)
})

test('what was asked when the connection broke is not asked again over the next one', async () => {
  await vi.waitFor(() => expect(told.connected).toBe(1))
  const asked = source.ask(parse('mutation { never }'), {})
  await new Promise((resolve) => setTimeout(resolve, 50))
  for (const socket of server.clients) socket.terminate()
  expect(await asked).toBe(false)
  await vi.waitFor(() => expect(told.connected).toBe(2))
  beats = 0
  expect(await source.ask(parse('mutation { beat }'), {})).toBe(true)
  expect(beats).toBe(1)
})
