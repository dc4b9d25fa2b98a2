import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client'
import { CombinedGraphQLErrors, ServerError } from '@apollo/client/errors'
import { ErrorLink } from '@apollo/client/link/error'

/** Where the server answers GraphQL; the same path takes WebSockets. */
export const endpoint = '/graphql'

/** Required by the server of every request from a browser: a foreign page cannot send it without asking first (CSRF). */
export const clientHeaders = { 'X-Pult-Client': 'web' } as const

export function makeCache(): InMemoryCache {
  return new InMemoryCache({
    possibleTypes: {
      CallFeedItem: ['CallChanged', 'CallRemoved', 'Synced'],
      QueueFeedItem: ['QueueChanged', 'Synced'],
      OperatorFeedItem: ['OperatorChanged', 'Synced'],
      ReadinessFeedItem: ['ReadinessChanged', 'ReadinessRemoved', 'Synced'],
    },
    typePolicies: {
      // Lists are replaced whole: the feeds and the pages own them.
      Query: {
        fields: {
          calls: { merge: false },
          queues: { merge: false },
          operators: { merge: false },
        },
      },
      Viewer: { keyFields: [] }, // there is one: what a mutation answers of it is what the page shows
      Leg: { keyFields: false }, // it goes with its call
      // A list tells the word, who looks closer gets the figures.
      CallQuality: { merge: true },
    },
  })
}

/** How long a request may take before the page says that the server does not answer. */
const requestTimeout = 15_000

const boundedFetch: typeof fetch = (input, init) => {
  const limit = AbortSignal.timeout(requestTimeout)
  return fetch(input, { ...init, signal: init?.signal ? AbortSignal.any([init.signal, limit]) : limit })
}

/** Makes the client for queries and mutations. onSignedOut is called when the server no longer knows who asks. */
export function makeClient(onSignedOut: () => void, cache: InMemoryCache = makeCache()): ApolloClient {
  const errors = new ErrorLink(({ error, operation }) => {
    const unauthenticated =
      (CombinedGraphQLErrors.is(error) && error.errors.some((e) => e.extensions?.['code'] === 'UNAUTHENTICATED')) ||
      (ServerError.is(error) && error.statusCode === 401)
    if (unauthenticated && operation.operationName !== 'SignIn') onSignedOut()
  })
  const http = new HttpLink({ uri: endpoint, credentials: 'same-origin', headers: clientHeaders, fetch: boundedFetch })
  return new ApolloClient({
    cache,
    link: ApolloLink.from([errors, http]),
    devtools: { enabled: import.meta.env.DEV },
  })
}
