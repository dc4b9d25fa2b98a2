import { useTranslation } from 'react-i18next'
import { SignMark } from '@/components/SignMark'
import { signOfStage, type MyCall, type Stage } from '@/feed/model'
import { stopwatch } from '@/lib/format'
import { Elapsed, Remaining } from '@/session/Elapsed'
import { useNow } from '@/session/context'
import classes from './CallHeadline.module.css'
import { CallQuality } from './CallQuality'
import { lostBy } from './lost-by'

/** State, time, and how the call came: one line. Brief where there is no room for the last. */
export function CallHeadline({ call, stage, brief }: { call: MyCall; stage: Stage; brief: boolean }) {
  const { t } = useTranslation()
  const since = stage === 'talking' || stage === 'conference' ? (call.answeredAt ?? call.since) : call.since
  const asker = call.part === 'guest' ? call.consult?.by?.name : undefined
  const loser = lostBy(call)
  return (
    <div className={classes['line']} data-stage={stage} data-brief={brief || undefined}>
      {stage === 'offer' && call.offerUntil !== null ? (
        <OfferRing since={call.since} until={call.offerUntil} />
      ) : (
        <SignMark sign={signOfStage(stage)} size={14} />
      )}
      <span className={classes['state']} aria-live="polite">
        {t(`stage.${stage}`)}
      </span>
      <span className={classes['time']}>
        <Elapsed since={since} />
      </span>
      <CallQuality callId={call.id} />
      <ul className={classes['facts']}>
        {asker !== undefined && <li className={classes['asker']}>{t('call.consultFrom', { name: asker })}</li>}
        {loser !== undefined && <li className={classes['lost']}>{t('call.lostBy', { name: loser })}</li>}
        {call.queue && <li>{call.queue.name}</li>}
        {call.direction === 'INBOUND' && call.part === 'operator' && stage !== 'wrapUp' && (
          <li className="num">
            {t('call.waited')} {stage === 'offer' ? <Elapsed since={call.startedAt} /> : stopwatch(call.waited * 1000)}
          </li>
        )}
        {call.attempts > 1 && <li>{t('call.attempt', { number: call.attempts })}</li>}
        {stage === 'wrapUp' && call.end && call.answeredAt !== null && (
          <li className="num">
            {t('call.talked', { time: stopwatch(Date.parse(call.end.at) - Date.parse(call.answeredAt)) })}
          </li>
        )}
        {stage === 'wrapUp' && call.wrapUpUntil !== null && (
          <li>
            {t('call.wrapUpLeft')} <Remaining until={call.wrapUpUntil} />
          </li>
        )}
      </ul>
    </div>
  )
}

const radius = 14
const circumference = 2 * Math.PI * radius

/** The time left to answer: a ring that runs out, and the seconds in it. */
function OfferRing({ since, until }: { since: string; until: string }) {
  const now = useNow()
  const whole = Math.max(1, Date.parse(until) - Date.parse(since))
  const left = Math.max(0, Date.parse(until) - now)
  return (
    <svg className={classes['ring']} width="36" height="36" viewBox="0 0 36 36" aria-hidden>
      <circle cx="18" cy="18" r={radius} className={classes['ringTrack']} />
      <circle
        cx="18"
        cy="18"
        r={radius}
        className={classes['ringLeft']}
        strokeDasharray={circumference}
        strokeDashoffset={circumference * (1 - Math.min(1, left / whole))}
      />
      <text x="18" y="22" textAnchor="middle" className={classes['ringText']}>
        {Math.ceil(left / 1000)}
      </text>
    </svg>
  )
}
