import { Button, Skeleton } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Empty } from '@/components/Empty'
import { Trouble } from '@/components/icons'
import { Panel } from '@/components/Panel'
import { dayKey, dayName } from '@/lib/format'
import { useLanguage } from '@/lib/use-language'
import { useServices } from '@/session/context'
import classes from './HistoryPanel.module.css'
import { HistoryRow } from './HistoryRow'
import { useHistory, type HistoryOf } from './use-history'

interface HistoryPanelProps {
  of: HistoryOf | undefined
  /** The interaction of the call on the screen; marked as the present one. */
  presentId: string | undefined
  dial: { readonly reason: string; readonly dial: (number: string) => void }
}

/** Everything that passed between us and the customer. */
export function HistoryPanel({ of, presentId, dial }: HistoryPanelProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { clock } = useServices()
  const { items, state, hasMore, loadMore, retry } = useHistory(of, true)
  const now = clock.now()

  return (
    <Panel title={t('history.title')} className={classes['panel']}>
      {of === undefined ? (
        <p className={classes['nobody']}>{t('history.nobody')}</p>
      ) : state === 'failed' ? (
        <Empty icon={Trouble} tone="trouble" title={t('history.failed')}>
          <Button size="compact-sm" variant="subtle" onClick={retry}>
            {t('retry')}
          </Button>
        </Empty>
      ) : state === 'loading' ? (
        <div className={classes['loading']} aria-busy="true" aria-label={t('loading')}>
          {['70%', '90%', '55%', '80%', '65%'].map((width) => (
            <div key={width} className={classes['skeleton']}>
              <Skeleton height={14} width="40%" />
              <Skeleton height={12} width={width} />
            </div>
          ))}
        </div>
      ) : (
        <>
          <ul aria-label={t('history.title')}>
            {items.map((item, i) => {
              const previous = items[i - 1]
              const newDay = previous === undefined || dayKey(previous.startedAt) !== dayKey(item.startedAt)
              return (
                <li key={item.id}>
                  {newDay && <p className={classes['day']}>{dayName(item.startedAt, now, language)}</p>}
                  <HistoryRow item={item} present={item.id === presentId} dial={dial} />
                </li>
              )
            })}
          </ul>
          {items.every((item) => item.id === presentId) && <p className={classes['nobody']}>{t('history.first')}</p>}
          {hasMore && (
            <Button fullWidth size="xs" variant="subtle" onClick={loadMore}>
              {t('history.more')}
            </Button>
          )}
        </>
      )}
    </Panel>
  )
}
