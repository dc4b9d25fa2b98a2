import { useTranslation } from 'react-i18next'
import { ago } from '@/lib/format'
import { topicName } from '@/lib/topic'
import { useLanguage } from '@/lib/use-language'
import { useServices } from '@/session/context'
import classes from './LastContact.module.css'
import { useHistory, type HistoryOf } from './use-history'

/** What the last conversation was about, in one line: what an operator wants to know before saying hello. */
export function LastContact({ of, presentId }: { of: HistoryOf; presentId: string }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { clock } = useServices()
  const { items } = useHistory(of)
  const last = items.find((item) => item.id !== presentId && (item.topic !== null || item.comment !== ''))
  if (!last) return null
  return (
    <div className={`${classes['last']} appear`}>
      <p className={classes['head']}>
        {t('history.last', { time: ago(last.startedAt, clock.now(), language) })}
        {last.operator && <span className={classes['who']}>{last.operator.name}</span>}
      </p>
      <p className={classes['text']}>
        {last.topic && <b className={classes['topic']}>{topicName(last.topic)}</b>}
        {last.comment !== '' && <span className={classes['comment']}>{last.comment}</span>}
      </p>
    </div>
  )
}
