import { InMemoryCache, type TypedDocumentNode } from '@apollo/client'
import { getOperationAST } from 'graphql'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { MyCallsDocument, OperatorsDocument, QueuesDocument, WaitingCallsDocument } from '@/gql/graphql'
import { makeCache } from '@/lib/apollo'
import { Clock } from '@/lib/clock'
import { plainTimers } from '@/lib/timers'
import { makeWorld } from '@/testing/world'
import { Feed, type Notice } from './feed'
import type { FeedSource, Sink, SourceListener } from './source'

/** A source that the test plays: one sink per operation name. */
class ScriptedSource implements FeedSource {
  listener: SourceListener | undefined
  readonly sinks = new Map<string, Sink<unknown>>()
  readonly started: string[] = []
  async ask(): Promise<boolean> {
    return false
  }

  nudges = 0
  closed = false

  listen(listener: SourceListener): void {
    this.listener = listener
  }
  subscribe<T, V extends Record<string, unknown>>(
    document: TypedDocumentNode<T, V>,
    _variables: V,
    sink: Sink<T>,
  ): () => void {
    const name = getOperationAST(document)?.name?.value ?? ''
    this.started.push(name)
    this.sinks.set(name, sink)
    return () => this.sinks.delete(name)
  }
  send(name: string, data: unknown): void {
    this.sinks.get(name)?.next(data)
  }
  nudge(): void {
    this.nudges++
  }
  close(): void {
    this.closed = true
  }
}

const typed = (value: unknown, typename: string) => ({ ...(value as object), __typename: typename })
const me = 'op1'
let local = Date.parse('2026-11-22T12:00:00Z')
const at = (offset = 0) => new Date(local + offset).toISOString()

let source: ScriptedSource
let cache: InMemoryCache
let feed: Feed
let signedOut: number

const changed = (id: string, version: number, more: object = {}) => ({
  callFeed: {
    __typename: 'CallChanged',
    call: typed({ ...makeWorld('talking').calls[0], id, version, ...more }, 'Call'),
  },
})
const removed = (id: string) => ({ callFeed: { __typename: 'CallRemoved', id } })
const synced = (field: string) => ({ [field]: { __typename: 'Synced', at: at() } })
const syncAll = () => {
  for (const name of ['MyCallFeed', 'WaitingFeed']) source.send(name, synced('callFeed'))
  source.send('QueueFeed', synced('queueFeed'))
  source.send('OperatorFeed', synced('operatorFeed'))
}
const mine = () => cache.readQuery({ query: MyCallsDocument, variables: { operatorId: me } })?.calls
const versions = () => feed.calls.get().map(({ id, version }) => `${id}@${version}`)

beforeEach(() => {
  vi.useFakeTimers()
  local = Date.parse('2026-11-22T12:00:00Z')
  source = new ScriptedSource()
  cache = makeCache()
  signedOut = 0
  feed = new Feed({
    source,
    cache,
    clock: new Clock(() => local),
    timers: plainTimers,
    operatorId: me,
    onSignedOut: () => signedOut++,
  })
  feed.start()
  source.listener?.connected()
})

afterEach(() => {
  feed.stop()
  vi.useRealTimers()
})

describe('the snapshot', () => {
  test('is complete when every feed has said Synced; an empty list is then known to be empty', () => {
    expect(feed.phase.get()).toBe('connecting')
    expect(mine()).toBeUndefined()
    source.send('MyCallFeed', synced('callFeed'))
    expect(feed.phase.get()).toBe('connecting')
    syncAll()
    expect(feed.phase.get()).toBe('live')
    expect(mine()).toEqual([])
    expect(cache.readQuery({ query: WaitingCallsDocument })?.calls).toEqual([])
    expect(cache.readQuery({ query: QueuesDocument })?.queues).toEqual([])
    expect(cache.readQuery({ query: OperatorsDocument })?.operators).toEqual([])
  })

  test('of a reconnect drops the calls it does not name, and only when it is complete', () => {
    source.send('MyCallFeed', changed('a', 3))
    source.send('MyCallFeed', changed('b', 3))
    syncAll()
    source.listener?.lost()
    source.listener?.connected()
    source.send('MyCallFeed', changed('b', 4))
    expect(versions()).toEqual(['a@3', 'b@4'])
    syncAll()
    expect(versions()).toEqual(['b@4'])
    expect(mine()?.map(({ id }) => id)).toEqual(['b'])
  })

  test('of a reconnect is the truth even when the server counts anew', () => {
    source.send('MyCallFeed', changed('a', 9))
    syncAll()
    source.listener?.lost()
    source.listener?.connected()
    source.send('MyCallFeed', changed('a', 1, { state: 'HELD' }))
    syncAll()
    expect(mine()).toMatchObject([{ id: 'a', version: 1, state: 'HELD' }])
  })
})

describe('changes', () => {
  beforeEach(syncAll)

  test('come into the cache and to the watchers', () => {
    const told = vi.fn<() => void>()
    feed.calls.subscribe(told)
    source.send('MyCallFeed', changed('a', 1))
    source.send('MyCallFeed', changed('a', 2, { state: 'HELD', held: true }))
    expect(told).toHaveBeenCalledTimes(2)
    expect(versions()).toEqual(['a@2'])
    expect(mine()).toMatchObject([{ state: 'HELD', held: true }])
  })

  test('that are older are ignored, whichever feed they come by', () => {
    source.send('MyCallFeed', changed('a', 5, { state: 'HELD' }))
    source.send('MyCallFeed', changed('a', 4, { state: 'TALKING' }))
    source.send('WaitingFeed', changed('a', 2, { state: 'QUEUED' }))
    expect(mine()).toMatchObject([{ version: 5, state: 'HELD' }])
    expect(cache.readQuery({ query: WaitingCallsDocument })?.calls).toMatchObject([
      { id: 'a', version: 5, state: 'HELD' },
    ])
  })

  test('of one version are taken from either feed: they show different fields of it', () => {
    source.send('WaitingFeed', changed('a', 5, { position: 2 }))
    source.send('MyCallFeed', changed('a', 5, { attempts: 7 }))
    expect(mine()).toMatchObject([{ attempts: 7 }])
    expect(cache.readQuery({ query: WaitingCallsDocument })?.calls).toMatchObject([{ position: 2 }])
  })

  test('a call that leaves one list stays in the other', () => {
    source.send('WaitingFeed', changed('a', 1, { state: 'QUEUED' }))
    source.send('MyCallFeed', changed('a', 2))
    source.send('WaitingFeed', removed('a'))
    expect(versions()).toEqual(['a@2'])
    expect(cache.readQuery({ query: WaitingCallsDocument })?.calls).toEqual([])
    source.send('MyCallFeed', removed('a'))
    expect(versions()).toEqual([])
    // And nothing of it is kept: a shift has hundreds of calls.
    expect(Object.keys(cache.extract())).not.toContain('Call:a')
  })

  test('of queues and operators', () => {
    const world = makeWorld('idle')
    source.send('QueueFeed', {
      queueFeed: { __typename: 'QueueChanged', queue: typed({ ...world.queues[0], waiting: 4 }, 'Queue') },
    })
    source.send('OperatorFeed', {
      operatorFeed: { __typename: 'OperatorChanged', operator: typed(world.operators[1], 'Operator') },
    })
    expect(cache.readQuery({ query: QueuesDocument })?.queues).toMatchObject([{ key: 'support', waiting: 4 }])
    expect(cache.readQuery({ query: OperatorsDocument })?.operators).toMatchObject([{ name: 'Ольга Белова' }])
  })
})

describe('the connection', () => {
  test('lost: the page is as of the last word heard', () => {
    syncAll()
    local += 5000
    source.listener?.heard()
    const heard = feed.asOf
    local += 7000
    source.listener?.lost()
    expect(feed.phase.get()).toBe('behind')
    expect(feed.asOf).toBe(heard)
    expect(heard).toBe(Date.parse('2026-11-22T12:00:05Z'))
    source.listener?.connected()
    expect(feed.phase.get()).toBe('behind') // not before the snapshot is complete
    syncAll()
    expect(feed.phase.get()).toBe('live')
  })

  test('restored is told once everything is current again, not at the first time', () => {
    const told = vi.fn<() => void>()
    feed.onReconnected(told)
    syncAll()
    expect(told).not.toHaveBeenCalled()
    source.listener?.lost()
    source.listener?.connected()
    syncAll()
    expect(told).toHaveBeenCalledTimes(1)
  })

  test('is nudged whether it is lost or not: a connection may have died without a word', () => {
    feed.nudge()
    expect(source.nudges).toBe(1)
    source.listener?.lost()
    feed.nudge()
    expect(source.nudges).toBe(2)
  })

  test('a signed-out session is reported', () => {
    source.listener?.signedOut()
    expect(signedOut).toBe(1)
    feed.nudge() // signed in again
    expect(source.nudges).toBe(1)
  })

  test('a subscription that the server ends is made again, with a snapshot of its own', () => {
    source.send('MyCallFeed', changed('a', 3))
    source.send('MyCallFeed', changed('b', 3))
    syncAll()
    source.sinks.get('MyCallFeed')?.ended('error')
    vi.advanceTimersByTime(300)
    expect(source.started.filter((name) => name === 'MyCallFeed')).toHaveLength(2)
    source.send('MyCallFeed', changed('b', 3))
    source.send('MyCallFeed', synced('callFeed'))
    expect(versions()).toEqual(['b@3'])
  })

  test('stop ends every subscription', () => {
    feed.stop()
    expect(source.sinks.size).toBe(0)
    expect(source.closed).toBe(true)
  })
})

test('the server’s clock is learnt from Synced', () => {
  local += 60_000 // this computer is a minute ahead
  const clock = new Clock(() => local)
  const other = new Feed({ source, cache, clock, timers: plainTimers, operatorId: me, onSignedOut: () => {} })
  other.start()
  source.listener?.connected()
  source.send('MyCallFeed', { callFeed: { __typename: 'Synced', at: '2026-11-22T12:00:00Z' } })
  expect(clock.now()).toBe(Date.parse('2026-11-22T12:00:00Z'))
  other.stop()
})

test('notices reach whoever listens', () => {
  const heard: Notice[] = []
  const stop = feed.onNotice((notice) => heard.push(notice))
  const notice = { id: 'n', at: at(), kind: 'MISSED_OFFER', text: '', callId: null, phoneClientId: null }
  source.send('Notices', { notices: notice })
  stop()
  source.send('Notices', { notices: notice })
  expect(heard).toEqual([notice])
})

test('interactions of a customer come into the cache', () => {
  const told = vi.fn<(interaction: { id: string }) => void>()
  const stop = feed.followCustomer('c1', told)
  const interaction = { ...typed(makeWorld('talking').history[0], 'Interaction'), comment: 'changed' }
  source.send('InteractionFeed', { interactionFeed: interaction })
  expect(told).toHaveBeenCalledWith(interaction)
  expect(cache.extract()['Interaction:i1']).toMatchObject({ comment: 'changed' })
  stop()
  expect(source.sinks.has('InteractionFeed')).toBe(false)
})
