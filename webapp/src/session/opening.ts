import type { ApolloClient } from '@apollo/client'
import { ViewerDocument } from '@/gql/graphql'
import { makeClient } from '@/lib/apollo'
import { Observable } from '@/lib/observable'

/** What a page that opens has at once: its client, and the question who is here, already on its way. */
export interface Opening {
  readonly client: ApolloClient
  /** Counts how often the server did not know who asked. */
  readonly refusals: Observable<number>
  /** The answer to the first question. */
  readonly viewer: ReturnType<typeof askViewer>
}

/** Opens the page; called before anything is drawn, which takes longer than the answer. */
export function openPage(make: (onSignedOut: () => void) => ApolloClient = makeClient): Opening {
  const refusals = new Observable(0)
  const client = make(() => refusals.set(refusals.get() + 1))
  const viewer = askViewer(client)
  viewer.catch(() => {}) // whoever waits for the answer handles it
  return { client, refusals, viewer }
}

/** Asks who is here. */
export function askViewer(client: ApolloClient) {
  return client.query({ query: ViewerDocument, fetchPolicy: 'network-only' })
}
