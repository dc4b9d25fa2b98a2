import { Button, SegmentedControl, Select } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { Empty } from '@/components/Empty'
import { Back, Done, Trouble } from '@/components/icons'
import { useProblemText } from '@/session/use-problem-text'
import { ConnectorCard } from './ConnectorCard'
import { DiscardDialog } from './DiscardDialog'
import { EditDialog } from './EditDialog'
import { EntryRow } from './EntryRow'
import classes from './Outbox.module.css'
import { useOutbox, views, type Entry, type View } from './use-outbox'

/** What customer systems are to know of calls and do not yet: why, and what to do about it. For administrators. */
export function OutboxPage() {
  const { t } = useTranslation()
  const problemText = useProblemText('systems')
  const [view, setView] = useState<View>('open')
  const [connectorId, setConnectorId] = useState<string | null>(null)
  const outbox = useOutbox(view, connectorId)
  const [editing, setEditing] = useState<Entry>()
  const [discarding, setDiscarding] = useState<Entry>()
  const { entries, connectors, state, problem } = outbox

  return (
    <main className={classes['page']}>
      <div className={classes['inside']}>
        <Link to="/" className={classes['back']}>
          <Back size={16} aria-hidden />
          {t('settings.back')}
        </Link>
        <h1 className={classes['title']}>{t('outbox.title')}</h1>
        <p className={classes['intro']}>{t('outbox.intro')}</p>
        {state === 'loading' && <p className={classes['intro']}>{t('outbox.loading')}</p>}
        {state === 'failed' && (
          <Empty icon={Trouble} tone="trouble" title={t('outbox.failed')}>
            <Button size="compact-sm" variant="subtle" onClick={outbox.refetch}>
              {t('retry')}
            </Button>
          </Empty>
        )}
        {state === 'ready' && connectors.length === 0 && <Empty title={t('outbox.off')}>{t('outbox.offText')}</Empty>}
        {connectors.length > 0 && (
          <ul aria-label={t('outbox.systems')} className={classes['cards']}>
            {connectors.map((one) => (
              <ConnectorCard key={one.id} one={one} onReplay={async () => outbox.replay(one.id)} />
            ))}
          </ul>
        )}
        {problem && (
          <p className={classes['problem']} role="alert">
            {problemText(problem)}
          </p>
        )}
        {connectors.length > 0 && (
          <div className={classes['head']}>
            <SegmentedControl
              size="xs"
              aria-label={t('outbox.show')}
              data={views.map((value) => ({ value, label: t(`outbox.view.${value}`) }))}
              value={view}
              onChange={(value) => setView(value)}
            />
            {connectors.length > 1 && (
              <Select
                size="xs"
                aria-label={t('outbox.system')}
                placeholder={t('outbox.allSystems')}
                clearable
                data={connectors.map((one) => ({ value: one.id, label: one.name }))}
                value={connectorId}
                onChange={setConnectorId}
                comboboxProps={{ shadow: 'none' }}
              />
            )}
          </div>
        )}
        {state === 'ready' && connectors.length > 0 && entries.length === 0 && (
          <Empty icon={Done} title={t(`outbox.none.${view}`)}>
            {t('outbox.noneText')}
          </Empty>
        )}
        {entries.length > 0 && (
          <ul aria-label={t('outbox.entries')} className={classes['list']}>
            {entries.map((one) => (
              <EntryRow
                key={one.id}
                one={one}
                onRetry={async () => outbox.retry(one.id)}
                onEdit={() => setEditing(one)}
                onDiscard={() => setDiscarding(one)}
              />
            ))}
          </ul>
        )}
        {outbox.hasMore && (
          <Button size="compact-sm" variant="subtle" className={classes['more']} onClick={outbox.showMore}>
            {t('outbox.more')}
          </Button>
        )}
        {editing && (
          <EditDialog
            key={editing.id}
            entry={editing}
            problem={problem}
            onSave={async (input) => {
              if (await outbox.edit(input)) setEditing(undefined)
            }}
            onClose={() => setEditing(undefined)}
          />
        )}
        {discarding && (
          <DiscardDialog
            entry={discarding}
            onDiscard={async () => {
              await outbox.discard(discarding.id)
              setDiscarding(undefined)
            }}
            onClose={() => setDiscarding(undefined)}
          />
        )}
      </div>
    </main>
  )
}
