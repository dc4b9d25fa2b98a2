import type { ApolloCache, DocumentNode, TypedDocumentNode } from '@apollo/client'
import {
  CallFieldsFragmentDoc,
  InteractionFeedDocument,
  InteractionFieldsFragmentDoc,
  MyCallFeedDocument,
  MyCallIdsDocument,
  NoticesDocument,
  OperatorFeedDocument,
  OperatorFieldsFragmentDoc,
  OperatorIdsDocument,
  QueueFeedDocument,
  QueueFieldsFragmentDoc,
  QueueIdsDocument,
  ReadinessFeedDocument,
  WaitingCallIdsDocument,
  WaitingFeedDocument,
  WaitingFieldsFragmentDoc,
  type CallFieldsFragment,
  type InteractionFieldsFragment,
  type NoticesSubscription,
  type ReadinessFieldsFragment,
} from '@/gql/graphql'
import type { Clock } from '@/lib/clock'
import { Observable } from '@/lib/observable'
import type { Timers } from '@/lib/timers'
import { Membership } from './membership'
import { partIn, type MyCall } from './model'
import { retryDelay } from './socket'
import type { FeedSource } from './source'

/** A message for this operator. */
export type Notice = NoticesSubscription['notices']

/** How far the page may be believed. connecting: nothing is shown yet; live: all is current; behind: as of `Feed.asOf`. */
export type FeedPhase = 'connecting' | 'live' | 'behind'

interface FeedOptions {
  source: FeedSource
  cache: ApolloCache
  clock: Clock
  timers: Timers
  operatorId: string
  /** Whose calls the floor shows: those of my queues, or all of them for a supervisor. */
  scope?: 'QUEUES' | 'ALL'
  /** The server no longer knows who we are. */
  onSignedOut: () => void
}

/** A versioned entity of the schema. */
interface Entity {
  readonly id: string
  readonly version: number
}

/** A list of the cache that one subscription keeps. */
class List<T extends Entity> {
  readonly membership = new Membership()
  readonly latest = new Map<string, T>()
  readonly typename: string
  readonly fragment: DocumentNode
  readonly fragmentName: string
  readonly write: () => void
  synced = false

  constructor(typename: string, fragment: DocumentNode, fragmentName: string, write: (list: List<T>) => void) {
    this.typename = typename
    this.fragment = fragment
    this.fragmentName = fragmentName
    this.write = () => write(this)
  }

  /** References to the members, for writing the list. */
  refs(): { __typename: string; id: string }[] {
    return this.membership.ids.map((id) => ({ __typename: this.typename, id }))
  }
}

/**
 * Feed keeps the cache equal to the server: my calls, waiting calls, queues, operators, interactions of the customers looked at.
 * It knows nothing of React. Everything arrives as full objects with versions; older versions are ignored, whatever way they came.
 */
export class Feed {
  readonly phase = new Observable<FeedPhase>('connecting')
  /** The calls that the viewer has a part in, in order of arrival. */
  readonly calls = new Observable<readonly MyCall[]>([])

  readonly #source: FeedSource
  readonly #cache: ApolloCache
  readonly #clock: Clock
  readonly #timers: Timers
  readonly #operatorId: string
  readonly #scope: 'QUEUES' | 'ALL'
  readonly #onSignedOut: () => void

  /** The latest version of each entity that any list was told, and how to write it again. */
  readonly #newest = new Map<string, { version: number; write: (cache: ApolloCache) => void }>()
  readonly #lists: { typename: string; membership: Membership; synced: boolean }[] = []
  readonly #noticeListeners = new Set<(notice: Notice) => void>()
  readonly #reconnectListeners = new Set<() => void>()
  readonly #stops = new Set<() => void>()
  /** A call keeps its identity as long as it is the same. */
  readonly #parts = new WeakMap<CallFieldsFragment, MyCall>()
  #connected = false
  #wasLive = false
  #asOf: number

  constructor({ source, cache, clock, timers, operatorId, scope = 'QUEUES', onSignedOut }: FeedOptions) {
    this.#source = source
    this.#cache = cache
    this.#clock = clock
    this.#timers = timers
    this.#operatorId = operatorId
    this.#scope = scope
    this.#onSignedOut = onSignedOut
    this.#asOf = clock.now()
  }

  /** The server's time, in milliseconds, up to which the page is known to be right. */
  get asOf(): number {
    return this.#asOf
  }

  /** Connects and subscribes. Call once; stop ends it. */
  start(): void {
    this.#source.listen({
      connected: () => this.#onConnected(),
      lost: () => this.#onLost(),
      heard: () => {
        if (this.phase.get() === 'live') this.#asOf = this.#clock.now()
      },
      signedOut: () => {
        this.#onLost()
        this.#onSignedOut()
      },
    })

    const mine = new List<CallFieldsFragment>('Call', CallFieldsFragmentDoc, 'CallFields', (list) => {
      const variables = { operatorId: this.#operatorId }
      this.#cache.writeQuery({ query: MyCallIdsDocument, variables, data: { calls: list.refs() } })
      this.calls.set(list.membership.ids.flatMap((id) => this.#mine(list.latest.get(id))))
    })
    this.#keep(MyCallFeedDocument, {}, mine, ({ callFeed: item }) => {
      if (item.__typename === 'CallChanged') this.#changed(mine, item.call)
      else if (item.__typename === 'CallRemoved') this.#removed(mine, item.id)
      else this.#synced(mine, item.at)
    })

    const waiting = new List('Call', WaitingFieldsFragmentDoc, 'WaitingFields', (list) =>
      this.#cache.writeQuery({ query: WaitingCallIdsDocument, data: { calls: list.refs() } }),
    )
    this.#keep(WaitingFeedDocument, { scope: this.#scope }, waiting, ({ callFeed: item }) => {
      if (item.__typename === 'CallChanged') this.#changed(waiting, item.call)
      else if (item.__typename === 'CallRemoved') this.#removed(waiting, item.id)
      else this.#synced(waiting, item.at)
    })

    const queues = new List('Queue', QueueFieldsFragmentDoc, 'QueueFields', (list) =>
      this.#cache.writeQuery({ query: QueueIdsDocument, data: { queues: list.refs() } }),
    )
    this.#keep(QueueFeedDocument, {}, queues, ({ queueFeed: item }) => {
      if (item.__typename === 'QueueChanged') this.#changed(queues, item.queue)
      else this.#synced(queues, item.at)
    })

    const operators = new List('Operator', OperatorFieldsFragmentDoc, 'OperatorFields', (list) =>
      this.#cache.writeQuery({ query: OperatorIdsDocument, data: { operators: list.refs() } }),
    )
    this.#keep(OperatorFeedDocument, {}, operators, ({ operatorFeed: item }) => {
      if (item.__typename === 'OperatorChanged') this.#changed(operators, item.operator)
      else this.#synced(operators, item.at)
    })

    this.#subscribe(NoticesDocument, {}, ({ notices }) => {
      for (const listener of this.#noticeListeners) listener(notices)
    })
  }

  stop(): void {
    for (const stop of this.#stops) stop()
    this.#source.close()
  }

  /**
   * The network may have changed, or the operator has signed in again: connects at once if the connection is lost, else asks whether it
   * still lives.
   */
  nudge(): void {
    this.#source.nudge()
  }

  /** Calls listener for every notice until the returned function is called. */
  onNotice(listener: (notice: Notice) => void): () => void {
    this.#noticeListeners.add(listener)
    return () => this.#noticeListeners.delete(listener)
  }

  /** Calls listener when everything is current again after a break, until the returned function is called. */
  onReconnected(listener: () => void): () => void {
    this.#reconnectListeners.add(listener)
    return () => this.#reconnectListeners.delete(listener)
  }

  /** Keeps the interactions of a customer current and tells each, until the returned function is called. */
  followCustomer(customerId: string, changed: (interaction: InteractionFieldsFragment) => void): () => void {
    return this.#subscribe(InteractionFeedDocument, { customerId }, ({ interactionFeed }) => {
      this.#cache.writeFragment({
        id: `Interaction:${interactionFeed.id}`,
        fragment: InteractionFieldsFragmentDoc,
        fragmentName: 'InteractionFields',
        data: interactionFeed,
      })
      changed(interactionFeed)
    })
  }

  /**
   * Tells who can take a call, everybody at once after each change, until the returned function is called. For supervisors; the server
   * refuses others.
   */
  followReadiness(told: (all: readonly ReadinessFieldsFragment[]) => void): () => void {
    let all = new Map<string, ReadinessFieldsFragment>()
    let fresh = new Map<string, ReadinessFieldsFragment>()
    let synced = false
    const tell = () => told([...all.values()])
    return this.#subscribe(
      ReadinessFeedDocument,
      {},
      ({ readinessFeed: item }) => {
        if (item.__typename === 'Synced') {
          // After a gap everybody comes again; whoever is not among them has left.
          all = fresh
          fresh = new Map()
          synced = true
        } else if (item.__typename === 'ReadinessRemoved') {
          all.delete(item.id)
        } else {
          fresh.set(item.readiness.id, item.readiness)
          if (synced) all.set(item.readiness.id, item.readiness)
        }
        if (synced) tell()
      },
      () => {
        synced = false
        fresh = new Map()
      },
    )
  }

  #mine(call: CallFieldsFragment | undefined): MyCall | [] {
    if (!call) return []
    let mine = this.#parts.get(call)
    if (!mine) this.#parts.set(call, (mine = { ...call, part: partIn(call, this.#operatorId) }))
    return mine
  }

  #keep<T, V extends Record<string, unknown>, I extends Entity>(
    document: TypedDocumentNode<T, V>,
    variables: V,
    list: List<I>,
    next: (item: T) => void,
  ): void {
    this.#lists.push(list)
    list.membership.begin()
    this.#subscribe(document, variables, next, () => list.membership.begin())
  }

  /** Subscribes, and again after a while when the server ends this subscription while the connection stands. */
  #subscribe<T, V extends Record<string, unknown>>(
    document: TypedDocumentNode<T, V>,
    variables: V,
    next: (item: T) => void,
    again: () => void = () => {},
  ): () => void {
    let unsubscribe: () => void = () => {}
    let cancel: () => void = () => {}
    let failures = 0
    const start = () => {
      unsubscribe = this.#source.subscribe(document, variables, {
        next: (item) => {
          failures = 0
          next(item)
        },
        ended: () => {
          unsubscribe()
          cancel = this.#timers.after(retryDelay(failures++), () => {
            again()
            start()
          })
        },
      })
    }
    start()
    const stop = () => {
      cancel()
      unsubscribe()
      this.#stops.delete(stop)
    }
    this.#stops.add(stop)
    return stop
  }

  #changed<T extends Entity>(list: List<T>, item: T): void {
    const id = `${list.typename}:${item.id}`
    const isNew = list.membership.add(item.id)
    const newest = this.#newest.get(id)
    const isOlder = newest !== undefined && item.version < newest.version
    if (isOlder && !isNew) return
    const { fragment, fragmentName } = list
    const write = (cache: ApolloCache) => cache.writeFragment({ id, fragment, fragmentName, data: item })
    this.#cache.batch({
      update: (cache) => {
        write(cache)
        list.latest.set(item.id, item)
        // New to this list, but another list knows a later version: its word on the fields they share stands.
        if (isOlder) newest.write(cache)
        else this.#newest.set(id, { version: item.version, write })
        list.write()
      },
    })
  }

  #removed<T extends Entity>(list: List<T>, id: string): void {
    list.latest.delete(id)
    if (list.membership.remove(id)) list.write()
    this.#forget(list.typename, id)
  }

  /** A shift has hundreds of calls: what is in no list any more is kept nowhere. */
  #forget(typename: string, id: string): void {
    if (this.#lists.some((list) => list.typename === typename && list.membership.has(id))) return
    const key = `${typename}:${id}`
    this.#newest.delete(key)
    this.#cache.evict({ id: key })
  }

  #synced<T extends Entity>(list: List<T>, at: string): void {
    this.#clock.learn(at)
    const dropped = list.membership.synced()
    for (const id of dropped) list.latest.delete(id)
    list.synced = true
    list.write() // also when nothing changed: an empty list is now known to be empty
    for (const id of dropped) this.#forget(list.typename, id)
    if (!this.#connected || this.#lists.some((other) => !other.synced)) return
    this.#asOf = this.#clock.now()
    this.phase.set('live')
    if (this.#wasLive) for (const listener of this.#reconnectListeners) listener()
    this.#wasLive = true
  }

  #onConnected(): void {
    this.#connected = true
    this.#newest.clear() // a snapshot is the truth, also when the server has begun to count anew
    for (const list of this.#lists) {
      list.synced = false
      list.membership.begin()
    }
  }

  #onLost(): void {
    this.#connected = false
    if (this.phase.get() === 'live') this.phase.set('behind')
  }
}
