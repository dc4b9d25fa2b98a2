import { useQuery } from '@apollo/client/react'
import { useEffect, useEffectEvent, useMemo } from 'react'
import { HistoryDocument, type InteractionFieldsFragment, type InteractionFilter } from '@/gql/graphql'
import { useServices } from '@/session/context'

export type Interaction = InteractionFieldsFragment

/** Whose history it is: a customer's, or a number's that nobody has linked. */
export type HistoryOf = { readonly customerId: string } | { readonly number: string }

const pageSize = 20

/** A page that was asked for twice is there once. */
export function appended<Edge extends { readonly node: { readonly id: string } }>(
  edges: readonly Edge[],
  more: readonly Edge[],
): Edge[] {
  const known = new Set(edges.map(({ node }) => node.id))
  return [...edges, ...more.filter(({ node }) => !known.has(node.id))]
}

interface History {
  readonly items: readonly Interaction[]
  readonly state: 'loading' | 'ready' | 'failed'
  readonly hasMore: boolean
  readonly loadMore: () => void
  readonly retry: () => void
}

/** The timeline of a customer or a number, newest first; kept current while `follow` is set. */
export function useHistory(of: HistoryOf | undefined, follow = false): History {
  const { feed } = useServices()
  const filter: InteractionFilter = of ?? {}
  const { data, error, fetchMore, refetch } = useQuery(HistoryDocument, {
    variables: { filter, first: pageSize },
    skip: of === undefined,
    fetchPolicy: follow ? 'cache-and-network' : 'cache-first',
  })
  const items = useMemo(() => data?.interactions.edges.map((edge) => edge.node) ?? [], [data])
  const known = useEffectEvent((id: string) => items.some((item) => item.id === id))
  const customerId = follow && of && 'customerId' in of ? of.customerId : undefined

  useEffect(() => {
    if (customerId === undefined) return
    return feed.followCustomer(customerId, ({ id }) => {
      // What is known has changed in the cache already; what is new must come into the list.
      if (!known(id)) void refetch()
    })
  }, [feed, customerId, refetch])

  return {
    items,
    state: data ? 'ready' : error ? 'failed' : 'loading',
    hasMore: data?.interactions.pageInfo.hasNextPage ?? false,
    loadMore: () => {
      void fetchMore({
        variables: { after: data?.interactions.pageInfo.endCursor ?? null },
        updateQuery: (before, { fetchMoreResult }) => ({
          interactions: {
            ...fetchMoreResult.interactions,
            edges: appended(before.interactions.edges, fetchMoreResult.interactions.edges),
          },
        }),
      })
    },
    retry: () => void refetch(),
  }
}
