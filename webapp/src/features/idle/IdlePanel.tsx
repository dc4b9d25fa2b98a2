import { useQuery } from '@apollo/client/react'
import { Button, Skeleton } from '@mantine/core'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Empty } from '@/components/Empty'
import { Headset, Inbound, Outbound, Trouble } from '@/components/icons'
import { NumberButton } from '@/components/NumberButton'
import { Panel } from '@/components/Panel'
import { MyRecentDocument } from '@/gql/graphql'
import { count, dayKey, dayName, stopwatch, timeOfDay, unknown } from '@/lib/format'
import { topicName } from '@/lib/topic'
import { useLanguage } from '@/lib/use-language'
import { useServices } from '@/session/context'
import { dayOf } from './day'
import classes from './IdlePanel.module.css'

interface IdlePanelProps {
  dial: { readonly reason: string; readonly dial: (number: string) => void }
}

/** Between calls: how the day goes, and my last calls to look back at or call back. */
export function IdlePanel({ dial }: IdlePanelProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { operatorId, clock } = useServices()
  const { data, error, refetch } = useQuery(MyRecentDocument, {
    variables: { operatorId, first: 30 },
    fetchPolicy: 'cache-and-network',
    pollInterval: 30_000,
  })
  // A call leaves the screen a little before its last word is in the history.
  useEffect(() => {
    const timer = setTimeout(() => void refetch(), 1000)
    return () => clearTimeout(timer)
  }, [refetch])
  const items = data?.interactions.edges.map((edge) => edge.node) ?? []
  const now = clock.now()
  const day = dayOf(items, data?.interactions.pageInfo.hasNextPage ?? false, now)

  return (
    <div className={classes['idle']}>
      <dl className={classes['day']}>
        <Figure
          term={t('idle.calls')}
          value={data ? `${count(day.calls, language)}${day.atLeast ? '+' : ''}` : unknown}
        />
        <Figure term={t('idle.talked')} value={data ? stopwatch(day.talked * 1000) : unknown} />
        <Figure term={t('idle.average')} value={day.average === null ? unknown : stopwatch(day.average * 1000)} />
      </dl>
      <Panel title={t('idle.recent')}>
        {!data && !error && (
          <div className={classes['loading']} aria-busy="true" aria-label={t('loading')}>
            {['a', 'b', 'c', 'd'].map((key) => (
              <Skeleton key={key} height={36} />
            ))}
          </div>
        )}
        {error && !data && (
          <Empty icon={Trouble} tone="trouble" title={t('history.failed')}>
            <Button size="compact-sm" variant="subtle" onClick={() => void refetch()}>
              {t('retry')}
            </Button>
          </Empty>
        )}
        {data && items.length === 0 && (
          <Empty icon={Headset} title={t('idle.noneTitle')}>
            {t('idle.noneText')}
          </Empty>
        )}
        {items.length > 0 && (
          <ul className={classes['list']} aria-label={t('idle.recent')}>
            {items.map((item, i) => {
              const previous = items[i - 1]
              const newDay = previous === undefined || dayKey(previous.startedAt) !== dayKey(item.startedAt)
              const missed = item.talked === null
              return (
                <li key={item.id}>
                  {newDay && <p className={classes['date']}>{dayName(item.startedAt, now, language)}</p>}
                  <div className={classes['row']}>
                    <span className={`${classes['time']} num`}>{timeOfDay(item.startedAt, language)}</span>
                    <span className={classes['icon']} data-missed={missed || undefined}>
                      {item.direction === 'INBOUND' ? (
                        <Inbound size={16} role="img" aria-label={t('history.call.INBOUND')} />
                      ) : (
                        <Outbound size={16} role="img" aria-label={t('history.call.OUTBOUND')} />
                      )}
                    </span>
                    <span className={classes['who']}>
                      <span className={classes['name']}>{item.customerName || t('idle.nobody')}</span>
                      <span className={classes['about']}>
                        {[item.queue?.name, item.topic ? topicName(item.topic) : '', item.comment]
                          .filter(Boolean)
                          .join(' · ')}
                      </span>
                    </span>
                    <span className={classes['number']}>
                      <NumberButton
                        display={item.number.display || t('match.anonymous')}
                        reason={dial.reason}
                        onDial={item.number.kind === 'ANONYMOUS' ? undefined : () => dial.dial(item.number.e164)}
                      />
                    </span>
                    <span className={`${classes['length']} num`} data-missed={missed || undefined}>
                      {item.talked !== null
                        ? stopwatch(item.talked * 1000)
                        : item.result
                          ? t(`result.${item.result}`)
                          : ''}
                    </span>
                  </div>
                </li>
              )
            })}
          </ul>
        )}
      </Panel>
    </div>
  )
}

function Figure({ term, value }: { term: string; value: string }) {
  return (
    <div className={classes['figure']}>
      <dt>{term}</dt>
      <dd className="num">{value}</dd>
    </div>
  )
}
