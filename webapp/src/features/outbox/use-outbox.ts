import { useMutation, useQuery } from '@apollo/client/react'
import { useState } from 'react'
import {
  DiscardOutboxEntryDocument,
  EditOutboxEntryDocument,
  OutboxDocument,
  ReplayOutboxDocument,
  RetryOutboxEntryDocument,
  type EditOutboxEntryInput,
  type OutboxEntryFieldsFragment,
  type OutboxQuery,
  type OutboxState,
} from '@/gql/pages/graphql'
import { problemOf, type Problem } from '@/lib/problem'

export type Entry = OutboxEntryFieldsFragment
export type Connector = OutboxQuery['outboxConnectors'][number]

/** What is looked at. */
export const views = ['open', 'dead', 'waiting', 'held'] as const
export type View = (typeof views)[number]

const statesOf: Record<View, OutboxState[]> = {
  open: ['DEAD', 'PENDING'],
  dead: ['DEAD'],
  waiting: ['PENDING'],
  held: ['HELD'],
}

const pageSize = 50
const pollInterval = 5000

/** The outbox as it is now, and what can be done with it. A refused action is told by `problem` until the next. */
export function useOutbox(view: View, connectorId: string | null) {
  const [problem, setProblem] = useState<Problem>()
  const [size, setSize] = useState(pageSize)
  const { data, previousData, error, refetch } = useQuery(OutboxDocument, {
    variables: { filter: { states: statesOf[view], connectorId }, first: size },
    fetchPolicy: 'cache-and-network',
    pollInterval,
  })
  const [retry] = useMutation(RetryOutboxEntryDocument)
  const [edit] = useMutation(EditOutboxEntryDocument)
  const [discard] = useMutation(DiscardOutboxEntryDocument)
  const [replay] = useMutation(ReplayOutboxDocument)

  /** Does something and looks again; false when it was refused. */
  const act = async (work: () => Promise<unknown>): Promise<boolean> => {
    setProblem(undefined)
    try {
      await work()
      await refetch()
      return true
    } catch (refused) {
      setProblem(problemOf(refused))
      return false
    }
  }
  const shown = data ?? previousData
  return {
    entries: shown?.outbox.edges.map((edge) => edge.node) ?? [],
    connectors: shown?.outboxConnectors ?? [],
    state: shown ? ('ready' as const) : error ? ('failed' as const) : ('loading' as const),
    /** More entries than are shown; at most as many as a page of the server has. */
    hasMore: (shown?.outbox.pageInfo.hasNextPage ?? false) && size < 2 * pageSize,
    showMore: () => setSize(2 * pageSize),
    problem,
    refetch: () => void refetch(),
    retry: async (id: string) => act(async () => retry({ variables: { input: { id } } })),
    edit: async (input: EditOutboxEntryInput) => act(async () => edit({ variables: { input } })),
    discard: async (id: string) => act(async () => discard({ variables: { input: { id } } })),
    replay: async (id: string) => act(async () => replay({ variables: { input: { connectorId: id } } })),
  }
}
