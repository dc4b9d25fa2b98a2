import { Button } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { SignMark } from '@/components/SignMark'
import { ago, dayName, timeOfDay } from '@/lib/format'
import { useLanguage } from '@/lib/use-language'
import { repeats } from '@/lib/trouble'
import { useNow } from '@/session/context'
import { useTroubleWords } from '@/session/use-trouble-words'
import classes from './Outbox.module.css'
import { isKnownReason } from './reason'
import type { Entry } from './use-outbox'

interface EntryRowProps {
  one: Entry
  onRetry: () => Promise<boolean>
  onEdit: () => void
  onDiscard: () => void
}

/** One record: of which call, for which system, how it is with it and why. */
export function EntryRow({ one, onRetry, onEdit, onDiscard }: EntryRowProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  const now = useNow()
  const [busy, setBusy] = useState(false)
  const number = one.number?.display ?? t('outbox.withheld')
  const who = one.customerName === '' ? number : `${one.customerName}, ${number}`
  const dead = one.state === 'DEAD'
  const held = one.state === 'HELD'
  const state = dead ? 'dead' : held ? 'held' : one.inProgress ? 'inProgress' : 'waiting'
  return (
    <li className={classes['row']} data-state={one.state}>
      <div className={classes['what']}>
        <span className={classes['name']}>{t(`outbox.kind.${one.kind}`)}</span>
        {one.startedAt !== null && (
          <span className={`${classes['dim']} num`}>
            {dayName(one.startedAt, now, language)}, {timeOfDay(one.startedAt, language)}
          </span>
        )}
        <span className={classes['dim']}>{one.connectorName}</span>
      </div>
      <div className={classes['who']}>
        {one.customerName !== '' && <span className={classes['name']}>{one.customerName}</span>}
        <span className="num">{number}</span>
        {one.title !== '' && <span>{one.title}</span>}
        {one.comment !== '' && <span className={classes['comment']}>{one.comment}</span>}
        {one.edited && <span className={classes['dim']}>{t('outbox.edited')}</span>}
      </div>
      <div className={classes['how']}>
        <span className={classes['state']}>
          <SignMark sign={dead ? 'trouble' : one.inProgress ? 'talking' : 'paused'} />
          {t(`outbox.state.${state}`)} <span className={classes['dim']}>{ago(one.since, now, language)}</span>
        </span>
        {held ? <span className={classes['dim']}>{t('outbox.heldText')}</span> : <Why one={one} />}
        {!dead && !one.inProgress && one.nextAttemptAt !== null && Date.parse(one.nextAttemptAt) > now && (
          <span className={`${classes['dim']} num`}>
            {t('outbox.next', { time: timeOfDay(one.nextAttemptAt, language) })}
          </span>
        )}
      </div>
      <div className={classes['actions']}>
        <Button
          size="compact-sm"
          variant="light"
          loading={busy}
          aria-label={t('outbox.retryOf', { who })}
          onClick={() => {
            setBusy(true)
            void onRetry().finally(() => setBusy(false))
          }}
        >
          {t('outbox.retry')}
        </Button>
        <Button size="compact-sm" variant="subtle" aria-label={t('outbox.editOf', { who })} onClick={onEdit}>
          {t('outbox.edit')}
        </Button>
        <Button
          size="compact-sm"
          variant="subtle"
          color="red"
          aria-label={t('outbox.discardOf', { who })}
          onClick={onDiscard}
        >
          {t('outbox.discard')}
        </Button>
      </div>
    </li>
  )
}

/** Why the last attempt failed: in the viewer's words, then in the system's. */
function Why({ one }: { one: Entry }) {
  const { t } = useTranslation()
  const trouble = useTroubleWords()
  if (one.reasonCode === null) return null
  return (
    <span className={classes['reason']}>
      {isKnownReason(one.reasonCode) ? t(`outbox.reason.${one.reasonCode}`) : t('outbox.reason.INTERNAL')}
      {one.attempts > 1 && ` ${t('outbox.attempts', { count: one.attempts })}`}
      {one.reason !== '' && !repeats(one.reasonCode, one.reason) && (
        <span className={classes['dim']}> {trouble(one.reason)}</span>
      )}
    </span>
  )
}
