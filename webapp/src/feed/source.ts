import type { TypedDocumentNode } from '@apollo/client'

/** What one subscription delivers to. */
export interface Sink<T> {
  next(item: T): void
  /** The server refused or ended this one subscription; the connection may be well. */
  ended(reason: 'complete' | 'error'): void
}

/** What happens to the connection as a whole. */
export interface SourceListener {
  /** Acknowledged by the server: every subscription starts anew and sends its snapshot. */
  connected(): void
  /** Gone; the source keeps trying. */
  lost(): void
  /** Something was heard from the server: data or a heartbeat. */
  heard(): void
  /** The server no longer knows who we are; the source has given up. */
  signedOut(): void
}

/** Where subscriptions come from: graphql-ws in the page, a script in tests. */
export interface FeedSource {
  listen(listener: SourceListener): void
  /** Subscribes, also over every reconnect, until the returned function is called. */
  subscribe<T, V extends Record<string, unknown>>(
    document: TypedDocumentNode<T, V>,
    variables: V,
    sink: Sink<T>,
  ): () => void
  /**
   * Asks for one answer over the connection of the subscriptions, so that it tells of that connection. Resolves to whether the server
   * has done it; false at once where there is no connection, and when it is lost meanwhile.
   */
  ask<T, V extends Record<string, unknown>>(document: TypedDocumentNode<T, V>, variables: V): Promise<boolean>
  /** The network has come back, or the person has: connects again at once, or asks whether the connection still lives. */
  nudge(): void
  close(): void
}
