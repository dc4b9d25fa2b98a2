import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Chat, Inbound, Mail, Note, Open, Outbound } from '@/components/icons'
import { NumberButton } from '@/components/NumberButton'
import { stopwatch, timeOfDay } from '@/lib/format'
import { topicName } from '@/lib/topic'
import { useLanguage } from '@/lib/use-language'
import { HistoryQuality } from './HistoryQuality'
import classes from './HistoryRow.module.css'
import type { Interaction } from './use-history'

interface HistoryRowProps {
  item: Interaction
  present: boolean
  dial: { readonly reason: string; readonly dial: (number: string) => void }
}

const lost: ReadonlySet<Interaction['result']> = new Set<Interaction['result']>([
  'ABANDONED',
  'NO_ANSWER',
  'BUSY',
  'REJECTED',
  'FAILED',
  'CANCELLED',
])

/** One entry of the timeline: a line to skim, all of it on demand. */
export function HistoryRow({ item, present, dial }: HistoryRowProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  const [open, setOpen] = useState(false)
  const isCall = item.channel === 'CALL'
  const missed = isCall && lost.has(item.result)
  const Icon =
    item.channel === 'CALL'
      ? item.direction === 'INBOUND'
        ? Inbound
        : Outbound
      : { CHAT: Chat, MAIL: Mail, NOTE: Note }[item.channel]
  const what = item.channel === 'CALL' ? t(`history.call.${item.direction}`) : t(`history.channel.${item.channel}`)
  const outcome = !isCall
    ? ''
    : item.endedAt === null
      ? t('history.now')
      : item.talked !== null
        ? stopwatch(item.talked * 1000)
        : item.result
          ? t(`result.${item.result}`)
          : ''

  return (
    <div className={classes['row']} data-present={present || undefined}>
      <button type="button" className={classes['summary']} aria-expanded={open} onClick={() => setOpen(!open)}>
        <span className={classes['icon']} data-missed={missed || undefined}>
          <Icon size={16} aria-hidden />
        </span>
        <span className={classes['main']}>
          <span className={classes['line']}>
            <span className={classes['what']}>{what}</span>
            {item.queue && <span className={classes['dim']}>{item.queue.name}</span>}
          </span>
          {item.topic && <span className={classes['topic']}>{topicName(item.topic)}</span>}
          {item.comment !== '' && (
            <span className={open ? classes['comment'] : classes['commentShort']}>{item.comment}</span>
          )}
        </span>
        <span className={`${classes['when']} num`}>
          <span className={classes['time']}>{timeOfDay(item.startedAt, language)}</span>
          <span className={classes['outcome']} data-missed={missed || undefined}>
            {outcome}
          </span>
        </span>
        <Open size={14} className={classes['chevron']} data-open={open || undefined} aria-hidden />
      </button>
      {open && (
        <dl className={classes['details']}>
          {item.tags.length > 0 && (
            <Detail term={t('notes.tags')}>
              <span className={classes['tags']}>
                {item.tags.map((tag) => (
                  <span key={tag.id} className={classes['tag']}>
                    {tag.name}
                  </span>
                ))}
              </span>
            </Detail>
          )}
          <Detail term={t('history.operator')}>{item.operator?.name ?? '—'}</Detail>
          {item.number.kind !== 'ANONYMOUS' && (
            <Detail term={t('history.number')}>
              <NumberButton
                display={item.number.display}
                reason={dial.reason}
                onDial={() => dial.dial(item.number.e164)}
              />
            </Detail>
          )}
          {item.channel === 'CALL' && (
            <>
              {item.direction === 'INBOUND' && (
                <Detail term={t('history.waited')}>{stopwatch(item.waited * 1000)}</Detail>
              )}
              <Detail term={t('history.result')}>{item.result ? t(`result.${item.result}`) : '—'}</Detail>
              {item.talked !== null && <HistoryQuality id={item.id} />}
            </>
          )}
        </dl>
      )}
    </div>
  )
}

function Detail({ term, children }: { term: string; children: React.ReactNode }) {
  return (
    <>
      <dt className={classes['term']}>{term}</dt>
      <dd className="num">{children}</dd>
    </>
  )
}
