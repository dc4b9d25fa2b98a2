import { Button } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Retry } from '@/components/icons'
import { ago, count } from '@/lib/format'
import { useLanguage } from '@/lib/use-language'
import { useNow } from '@/session/context'
import { useTroubleWords } from '@/session/use-trouble-words'
import classes from './Outbox.module.css'
import type { Connector } from './use-outbox'

/** One customer system: how much waits for it and since when, how much it refused. */
export function ConnectorCard({ one, onReplay }: { one: Connector; onReplay: () => Promise<boolean> }) {
  const { t } = useTranslation()
  const trouble = useTroubleWords()
  const [busy, setBusy] = useState(false)
  return (
    <li className={classes['card']} data-dead={one.dead > 0}>
      <span className={classes['name']}>{one.name}</span>
      <Figure term={t('outbox.waiting')} value={one.waiting} since={one.waitingSince} />
      <Figure term={t('outbox.refused')} value={one.dead} since={one.deadSince} trouble={one.dead > 0} />
      {one.held > 0 && <Figure term={t('outbox.held')} value={one.held} since={null} />}
      {one.waiting > 0 && one.problem !== '' && (
        <span className={classes['reason']}>{t('outbox.trouble', { reason: trouble(one.problem) })}</span>
      )}
      {one.dead > 0 && one.active && (
        <Button
          size="compact-sm"
          variant="light"
          loading={busy}
          aria-label={t('outbox.retryAllOf', { name: one.name })}
          leftSection={<Retry size={16} aria-hidden />}
          onClick={() => {
            setBusy(true)
            void onReplay().finally(() => setBusy(false))
          }}
        >
          {t('outbox.retryAll')}
        </Button>
      )}
      {!one.active && <span className={classes['dim']}>{t('outbox.inactive')}</span>}
    </li>
  )
}

function Figure(props: { term: string; value: number; since: string | null; trouble?: boolean }) {
  const { term, value, since, trouble = false } = props
  const { t } = useTranslation()
  const language = useLanguage()
  const now = useNow()
  return (
    <span className={classes['figure']} data-trouble={trouble}>
      {term}: <b className="num">{count(value, language)}</b>
      {since !== null && (
        <span className={classes['dim']}> {t('outbox.oldest', { ago: ago(since, now, language) })}</span>
      )}
    </span>
  )
}
