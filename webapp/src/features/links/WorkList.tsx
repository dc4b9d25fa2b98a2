import { useQuery } from '@apollo/client/react'
import { Button, NativeSelect, SegmentedControl } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Empty } from '@/components/Empty'
import { Done } from '@/components/icons'
import { LinkRateDocument, UnlinkedCallsDocument, type UnlinkedOrder } from '@/gql/pages/graphql'
import { problemOf } from '@/lib/problem'
import { useProblemText } from '@/session/use-problem-text'
import { Suggestions } from './Suggestions'
import { UnlinkedRow } from './UnlinkedRow'
import { useLinks } from './use-links'
import classes from './Links.module.css'

/** A number that is nobody's, as dialogs want it. */
export interface Target {
  readonly e164: string
  readonly display: string
  readonly kind: string
}

/** Whom a number was linked to. */
export interface LinkedCustomer {
  readonly id: string
  readonly name: string
}

/** The dialogs of other features; whoever composes the page brings them. */
export interface WorkDialogs {
  find: (props: {
    target: Target
    suggestions: ReactNode
    onPick: (customerId: string) => void
    onClose: () => void
  }) => ReactNode
  create: (props: {
    target: Target
    onCreated: (customer: LinkedCustomer, calls: number) => void
    onPick: (customerId: string) => void
  }) => ReactNode
}

/** The numbers without a customer, grouped, with the way to end that. */
export function WorkList({ find, create }: WorkDialogs) {
  const { t } = useTranslation()
  const problemText = useProblemText('systems')
  const [order, setOrder] = useState<UnlinkedOrder>('CALLS')
  const [queueId, setQueueId] = useState('')
  const [finding, setFinding] = useState<Target>()
  const { link, undo, made, linked, problem, busy } = useLinks()
  const queues = useQueues()
  const { data, error, loading, fetchMore } = useQuery(UnlinkedCallsDocument, {
    variables: { filter: { order, queueId: queueId === '' ? null : queueId }, after: null },
    fetchPolicy: 'network-only',
  })
  const page = data?.unlinkedCalls
  const more = () =>
    fetchMore({
      variables: { after: page?.pageInfo.endCursor ?? null },
      updateQuery: (before, { fetchMoreResult }) => ({
        unlinkedCalls: {
          ...fetchMoreResult.unlinkedCalls,
          edges: [...before.unlinkedCalls.edges, ...fetchMoreResult.unlinkedCalls.edges],
        },
      }),
    })
  const wrong = problem ?? (error && !page ? problemOf(error) : undefined)
  return (
    <section aria-label={t('links.work')} className={classes['work']}>
      <div className={classes['head']}>
        <h2 className={classes['section']}>{t('links.work')}</h2>
        <NativeSelect
          size="xs"
          aria-label={t('links.queue')}
          data={[
            { value: '', label: t('links.allQueues') },
            ...queues.map(({ id, name }) => ({ value: id, label: name })),
          ]}
          value={queueId}
          onChange={(event) => setQueueId(event.currentTarget.value)}
        />
        <SegmentedControl
          size="xs"
          aria-label={t('links.order')}
          data={[
            { value: 'CALLS' as const, label: t('links.byCalls') },
            { value: 'RECENT' as const, label: t('links.byRecent') },
          ]}
          value={order}
          onChange={(value) => setOrder(value)}
        />
      </div>
      {wrong && (
        <p role="alert" className={classes['problem']}>
          {problemText(wrong)}
        </p>
      )}
      {!page && loading && <p className={classes['dim']}>{t('links.loading')}</p>}
      {page?.edges.length === 0 && (
        <Empty icon={Done} title={t('links.noWork')}>
          {t('links.noWorkHint')}
        </Empty>
      )}
      {page && page.edges.length > 0 && (
        <ul className={classes['list']} aria-label={t('links.work')}>
          {page.edges.map(({ node }) => (
            <UnlinkedRow
              key={node.number.e164}
              node={node}
              linked={linked.get(node.number.e164)}
              busy={busy}
              onFind={() => setFinding(node.number)}
              onUndo={() => void undo(node.number.e164)}
            >
              {create({
                target: node.number,
                onCreated: (customer, calls) => made(node.number.e164, customer, calls),
                onPick: (customerId) => void link(node.number.e164, customerId),
              })}
            </UnlinkedRow>
          ))}
        </ul>
      )}
      {page?.pageInfo.hasNextPage && (
        <Button variant="default" size="xs" loading={loading} onClick={() => void more()} className={classes['more']}>
          {t('links.more')}
        </Button>
      )}
      {finding &&
        find({
          target: finding,
          suggestions: <Suggestions number={finding.e164} onPick={(id) => pick(id)} />,
          onPick: (id) => pick(id),
          onClose: () => setFinding(undefined),
        })}
    </section>
  )

  function pick(customerId: string) {
    if (finding) void link(finding.e164, customerId)
    setFinding(undefined)
  }
}

/** The queues that calls came through, as the link rate names them. */
function useQueues(): readonly { id: string; name: string }[] {
  const { data } = useQuery(LinkRateDocument, { fetchPolicy: 'cache-only' })
  const found = new Map<string, string>()
  for (const { queues } of data?.linkRate.weeks ?? [])
    for (const { queue } of queues) if (queue) found.set(queue.id, queue.name)
  return [...found].map(([id, name]) => ({ id, name })).toSorted((a, b) => a.name.localeCompare(b.name))
}
