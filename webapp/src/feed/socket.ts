import { addTypenameToDocument } from '@apollo/client/utilities'
import { print } from 'graphql'
import { createClient, type Client } from 'graphql-ws'
import type { TypedDocumentNode } from '@apollo/client'
import type { FeedSource, Sink, SourceListener } from './source'

/** Heartbeat of the connection, and how long its answer may take. Together they bound how old an unnoticed cut can be. */
const heartbeat = 10_000
const heartbeatAnswer = 4_000

/** Close codes by which the server says that the session is over (graphql-transport-ws: Unauthorized, Forbidden). */
const signedOutCodes: ReadonlySet<number> = new Set([4401, 4403])

/** Time before try number n (from 0): fast at first, never in step with the other pages. */
export function retryDelay(n: number, random: () => number = Math.random): number {
  const ceiling = Math.min(10_000, 300 * 2 ** n)
  return ceiling / 2 + (random() * ceiling) / 2
}

/** A FeedSource over one graphql-transport-ws connection that never gives up unless the session is over. */
export class SocketSource implements FeedSource {
  readonly #url: string
  #client: Client | undefined
  #listener: SourceListener | undefined
  #wake: (() => void) | undefined
  #closed = false
  #failures = 0
  readonly #subscriptions = new Set<() => void>()

  constructor(url: string) {
    this.#url = url
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

  nudge(): void {
    this.#wake?.()
  }

  close(): void {
    this.#closed = true
    this.#wake?.()
    // Rejects when it was just connecting, which is of no interest any more.
    Promise.resolve(this.#client?.dispose()).catch(() => {})
  }

  #open(): void {
    let answerTimer: ReturnType<typeof setTimeout> | undefined
    const client = createClient({
      url: this.#url,
      lazy: false,
      keepAlive: heartbeat,
      retryAttempts: Infinity,
      shouldRetry: (event) => !isSignedOut(event),
      retryWait: (retries) => this.#sleep(retryDelay(retries)),
      on: {
        connected: () => {
          this.#failures = 0
          this.#listener?.connected()
        },
        closed: (event) => {
          clearTimeout(answerTimer)
          if (this.#closed) return
          if (isSignedOut(event)) this.#listener?.signedOut()
          else this.#listener?.lost()
        },
        message: () => this.#listener?.heard(),
        ping: (received) => {
          if (!received) answerTimer = setTimeout(() => client.terminate(), heartbeatAnswer)
        },
        pong: (received) => {
          if (received) clearTimeout(answerTimer)
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

  async #reopen(): Promise<void> {
    this.#listener?.lost()
    await this.#sleep(retryDelay(this.#failures++))
    if (!this.#closed) this.#open()
  }

  async #sleep(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      this.#wake = () => {
        clearTimeout(timer)
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
