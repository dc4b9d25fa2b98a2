import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Done, Search } from '@/components/icons'
import type { UnlinkedCallsQuery } from '@/gql/pages/graphql'
import { ago } from '@/lib/format'
import { useLanguage } from '@/lib/use-language'
import { useNow } from '@/session/context'
import type { Outcome } from './use-links'
import classes from './Links.module.css'

interface UnlinkedRowProps {
  node: UnlinkedCallsQuery['unlinkedCalls']['edges'][number]['node']
  linked: Outcome | undefined
  busy: boolean
  onFind: () => void
  onUndo: () => void
  /** The way to a new customer. */
  children: ReactNode
}

/** A number that is nobody's: how often it called, when last, to whom; or what has become of it. */
export function UnlinkedRow({ node, linked, busy, onFind, onUndo, children }: UnlinkedRowProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  const now = useNow()
  const { number, calls, last } = node
  const settled = linked && !linked.undone
  return (
    <li className={classes['row']} data-linked={settled || undefined}>
      <div className={classes['who']}>
        <span className={`${classes['number']} num`}>{number.display}</span>
        <span className="num">{t('links.times', { count: calls })}</span>
      </div>
      <div className={classes['dim']}>
        {[
          t('links.last', { time: ago(last.startedAt, now, language) }),
          last.queue?.name,
          last.result ? t(`result.${last.result}`) : '',
        ]
          .filter(Boolean)
          .join(' · ')}
      </div>
      <div className={classes['does']}>
        {settled ? (
          <>
            <span role="status" className={classes['done']}>
              <Done size={16} aria-hidden /> {t('links.linkedTo', { name: linked.customer.name })}{' '}
              {linked.calls > 0 && t('links.relinked', { count: linked.calls })}
            </span>
            <Button size="compact-sm" variant="subtle" disabled={busy} onClick={onUndo}>
              {t('links.undo')}
            </Button>
          </>
        ) : (
          <>
            {linked?.undone && (
              <span role="status" className={classes['dim']}>
                {t('links.undone')}
              </span>
            )}
            <Button
              size="xs"
              variant="default"
              disabled={busy}
              leftSection={<Search size={14} aria-hidden />}
              aria-label={t('links.findFor', { number: number.display })}
              onClick={onFind}
            >
              {t('links.find')}
            </Button>
            {children}
          </>
        )}
      </div>
    </li>
  )
}
