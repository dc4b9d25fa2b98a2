import { useQuery } from '@apollo/client/react'
import { Skeleton } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Panel } from '@/components/Panel'
import { QueuesDocument } from '@/gql/graphql'
import { unknown } from '@/lib/format'
import { Elapsed } from '@/session/Elapsed'
import { useFeedPhase } from '@/session/context'
import classes from './Queues.module.css'

/** The queues at a glance: who waits, how long the first one has, how many of us are ready. */
export function QueuesPanel() {
  const { t } = useTranslation()
  const { data } = useQuery(QueuesDocument, { fetchPolicy: 'cache-only' })
  const stale = useFeedPhase() !== 'live'
  return (
    <Panel title={t('queues.title')} region className={classes['panel']}>
      {data?.queues === undefined ? (
        <Skeleton height={72} aria-label={t('loading')} />
      ) : data.queues.length === 0 ? (
        <p className={classes['empty']}>{t('queues.none')}</p>
      ) : (
        <table className={classes['table']} data-stale={stale || undefined}>
          <thead>
            <tr>
              <th scope="col">
                <span className="hidden">{t('queues.queue')}</span>
              </th>
              <th scope="col">{t('queues.waiting')}</th>
              <th scope="col">{t('queues.oldest')}</th>
              <th scope="col">{t('queues.ready')}</th>
            </tr>
          </thead>
          <tbody>
            {data.queues.map((queue) => (
              <tr key={queue.id} data-busy={queue.waiting > 0 || undefined}>
                <th scope="row" title={queue.name}>
                  {queue.name}
                </th>
                <td className="num" data-strong={queue.waiting > 0 || undefined}>
                  {queue.waiting}
                </td>
                <td className="num">{queue.waiting > 0 ? <Elapsed since={queue.oldestSince} /> : unknown}</td>
                <td className="num" data-warn={(queue.waiting > 0 && queue.ready === 0) || undefined}>
                  {queue.ready}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
}
