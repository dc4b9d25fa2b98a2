import { addTypenameToDocument } from '@apollo/client/utilities'
import { print } from 'graphql'
import { createClient, MessageType, stringifyMessage, type Client } from 'graphql-ws'
import type { TypedDocumentNode } from '@apollo/client'
import { backoff } from '@/lib/backoff'
import type { Timers } from '@/lib/timers'
import type { FeedSource, Sink, SourceListener } from './source'

/** Heartbeat of the connection, and how long its answer may take. Together they bound how old an unnoticed cut can be. */
const heartbeat = 10_000
const heartbeatAnswer = 4_000
/** A try to connect may take this long until the server acknowledges; left alone, browsers wait for minutes where nothing answers. */
const connectLimit = 10_000

/** Close codes by which the server says that the session is over (graphql-transport-ws: Unauthorized, Forbidden). */
const signedOutCodes: ReadonlySet<number> = new Set([4401, 4403])

/** Time before try number n (from 0): fast at first, never in step with the other pages. */
export function retryDelay(n: number, random?: () => number): number {
  return backoff(n, { first: 300, most: 10_000 }, random)
}

/** What has an open socket. */
interface Line {
  readonly client: Client
  readonly socket: WebSocket
}

/** A FeedSource over one graphql-transport-ws connection that never gives up unless the session is over. */
export class SocketSource implements FeedSource {
  readonly #url: string
  readonly #timers: Timers
  #client: Client | undefined
  #listener: SourceListener | undefined
  #wake: (() => void) | undefined
  #closed = false
  /** The server has refused to know us: nothing is tried until somebody says that it may be otherwise now. */
  #refused = false
  #failures = 0
  readonly #subscriptions = new Set<() => void>()
  /** Gives up what is asked over the present connection. */
  readonly #asking = new Set<() => void>()

  #line: Line | undefined
  /** Ends the time to connect, the wait for the next heartbeat, the wait for its answer: one of them runs at a time. */
  #cancel: () => void = () => {}
  #asked = false

  constructor(url: string, timers: Timers) {
    this.#url = url
    this.#timers = timers
  }

  listen(listener: SourceListener): void {
    this.#listener = listener
    this.#open()
  }

  subscribe<T, V extends Record<string, unknown>>(
    document: TypedDocumentNode<T, V>,
    variables: V,
    sink: Sink<T>,
  ): () => void {
    const query = print(addTypenameToDocument(document))
    let dispose: (() => void) | undefined
    const start = () => {
      dispose?.()
      dispose = this.#client?.subscribe<T>(
        { query, variables },
        {
          next: ({ data, errors }) => {
            this.#listener?.heard()
            if (errors?.length) sink.ended('error')
            else if (data) sink.next(data)
          },
          error: (reason) => {
            // A closed connection is reported by the client as a whole; here only the server's word on this subscription counts.
            if (Array.isArray(reason)) sink.ended('error')
          },
          complete: () => {},
        },
      )
    }
    start()
    this.#subscriptions.add(start)
    return () => {
      this.#subscriptions.delete(start)
      dispose?.()
    }
  }

  async ask<T, V extends Record<string, unknown>>(document: TypedDocumentNode<T, V>, variables: V): Promise<boolean> {
    const client = this.#line?.client
    if (!client) return false
    const query = print(addTypenameToDocument(document))
    return new Promise<boolean>((resolve) => {
      let answered = false
      const done = () => {
        this.#asking.delete(giveUp)
        resolve(answered)
      }
      const dispose = client.subscribe(
        { query, variables },
        {
          next: ({ errors }) => {
            answered = !errors?.length
          },
          error: done,
          complete: done,
        },
      )
      const giveUp = () => {
        dispose()
        done()
      }
      this.#asking.add(giveUp)
    })
  }

  nudge(): void {
    if (this.#refused && !this.#closed) {
      this.#refused = false
      this.#open()
      return
    }
    this.#wake?.()
    this.#check()
  }

  close(): void {
    this.#closed = true
    this.#cancel()
    this.#wake?.()
    // Rejects when it was just connecting, which is of no interest any more.
    Promise.resolve(this.#client?.dispose()).catch(() => {})
  }

  #open(): void {
    const client = createClient({
      url: this.#url,
      lazy: false,
      // The library's own heartbeat runs by timers that hidden pages slow down.
      keepAlive: 0,
      retryAttempts: Infinity,
      shouldRetry: (event) => !isSignedOut(event),
      retryWait: (retries) => this.#sleep(retryDelay(retries)),
      on: {
        connecting: () => this.#wait(connectLimit, () => client.terminate()),
        connected: (socket) => {
          this.#failures = 0
          this.#line = { client, socket: socket as WebSocket }
          this.#rest()
          this.#listener?.connected()
        },
        closed: (event) => {
          this.#cancel()
          this.#line = undefined
          for (const giveUp of this.#asking) giveUp() // it is of its moment, and not asked again over the next connection
          if (this.#closed) return
          if (isSignedOut(event)) {
            this.#refused = true
            this.#listener?.signedOut()
          } else this.#listener?.lost()
        },
        message: () => this.#listener?.heard(),
        pong: (received) => {
          if (received) this.#rest()
        },
      },
      // Close codes that the library holds for final (4400, 4500, …) are not final for us: an operator's page outlives a bad release.
      onNonLazyError: (event) => {
        if (this.#closed || isSignedOut(event)) return
        void this.#reopen()
      },
    })
    this.#client = client
    for (const start of this.#subscriptions) start()
  }

  #wait(milliseconds: number, act: () => void): void {
    this.#cancel()
    this.#asked = false
    this.#cancel = this.#timers.after(milliseconds, act)
  }

  /** Until the next heartbeat. */
  #rest(): void {
    this.#wait(heartbeat, () => this.#check())
  }

  /** Asks for a sign of life; no answer in time ends the connection. */
  #check(): void {
    if (!this.#line || this.#asked) return
    const { client, socket } = this.#line
    this.#wait(heartbeatAnswer, () => client.terminate())
    this.#asked = true
    if (socket.readyState === socket.OPEN) socket.send(stringifyMessage({ type: MessageType.Ping }))
  }

  async #reopen(): Promise<void> {
    this.#listener?.lost()
    await this.#sleep(retryDelay(this.#failures++))
    if (!this.#closed) this.#open()
  }

  async #sleep(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#timers.after(milliseconds, resolve)
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
    this.#wake = undefined
  }
}

function isSignedOut(event: unknown): boolean {
  return (
    typeof event === 'object' &&
    event !== null &&
    'code' in event &&
    typeof event.code === 'number' &&
    signedOutCodes.has(event.code)
  )
}
