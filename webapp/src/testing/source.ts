import { addTypenameToDocument } from '@apollo/client/utilities'
import type { TypedDocumentNode } from '@apollo/client'
import { graphql, print, subscribe } from 'graphql'
import type { FeedSource, Sink, SourceListener } from '@/feed/source'
import { schema, type Context } from './schema'

/** Subscriptions answered by the schema of the tests; the test can cut and restore the connection. */
export class SchemaSource implements FeedSource {
  readonly #context: Context
  #listener: SourceListener | undefined
  #forgotten = false
  readonly #starts = new Set<() => void>()
  readonly #running = new Set<AsyncGenerator>()

  constructor(context: Context) {
    this.#context = context
  }

  listen(listener: SourceListener): void {
    this.#listener = listener
    queueMicrotask(() => listener.connected())
  }

  subscribe<T, V extends Record<string, unknown>>(
    document: TypedDocumentNode<T, V>,
    variables: V,
    sink: Sink<T>,
  ): () => void {
    let stop: () => void = () => {}
    const start = () => {
      let stopped = false
      stop = () => {
        stopped = true
      }
      void (async () => {
        const result = await subscribe({
          schema,
          document: addTypenameToDocument(document),
          variableValues: variables,
          contextValue: this.#context,
        })
        if (!(Symbol.asyncIterator in result)) {
          sink.ended('error')
          return
        }
        const items = result as AsyncGenerator<{ data?: T }>
        this.#running.add(items)
        for await (const { data } of items) {
          if (stopped) return
          this.#listener?.heard()
          if (data) sink.next(data)
        }
      })()
    }
    start()
    this.#starts.add(start)
    return () => {
      this.#starts.delete(start)
      stop()
    }
  }

  async ask<T, V extends Record<string, unknown>>(document: TypedDocumentNode<T, V>, variables: V): Promise<boolean> {
    const { errors } = await graphql({
      schema,
      source: print(addTypenameToDocument(document)),
      variableValues: variables,
      contextValue: this.#context,
    })
    return errors === undefined
  }

  /** The connection is lost. */
  cut(): void {
    this.#listener?.lost()
  }

  /** The server has ended the session. */
  forget(): void {
    this.#listener?.signedOut()
    this.#forgotten = true
  }

  /** The connection is back: every subscription starts anew. */
  restore(): void {
    this.#listener?.connected()
    for (const start of this.#starts) start()
  }

  nudge(): void {
    if (!this.#forgotten) return
    this.#forgotten = false
    this.restore()
  }

  close(): void {
    this.#starts.clear()
  }
}
