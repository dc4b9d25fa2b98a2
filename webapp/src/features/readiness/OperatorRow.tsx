import { useTranslation } from 'react-i18next'
import { SignMark } from '@/components/SignMark'
import type { PhoneStepFieldsFragment, Readiness, ReadinessFieldsFragment } from '@/gql/graphql'
import { ago, exactTime } from '@/lib/format'
import type { Sign } from '@/lib/sign'
import { useLanguage } from '@/lib/use-language'
import { stepNames } from '@/phone/preflight'
import { Elapsed } from '@/session/Elapsed'
import { useNow } from '@/session/context'
import classes from './Readiness.module.css'

const signs: Record<Readiness, Sign> = {
  CAN_TAKE: 'ready',
  NO_MICROPHONE: 'trouble',
  NO_PHONE: 'trouble',
  BUSY: 'talking',
  AWAY: 'offline',
}

/** One operator: can they take a call, what is wrong since when, what they work with, when it was checked. */
export function OperatorRow({ one }: { one: ReadinessFieldsFragment }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const now = useNow()
  const { operator, readiness, health, desk } = one
  const troubles = desk ? [] : (health?.troubles ?? [])
  const devices = [health?.browser, health?.platform, health?.microphone, health?.speaker].filter(Boolean).join(' · ')
  const reason = readiness === 'AWAY' ? (operator.pauseReason?.name ?? t(`presence.${operator.availability}`)) : ''
  return (
    <li className={classes['row']} data-readiness={readiness}>
      <div className={classes['who']}>
        <SignMark sign={signs[readiness]} />
        <span className={classes['name']}>{operator.name}</span>
      </div>
      <div className={classes['now']}>
        <span>{reason === '' ? t(`readiness.state.${readiness}`) : reason}</span>
        <Elapsed since={one.since} className={classes['time']} />
      </div>
      <div className={classes['phone']}>
        {desk && <span className={classes['dim']}>{t('readiness.desk')}</span>}
        {troubles.map((trouble) => (
          <Trouble key={trouble.name} trouble={trouble} />
        ))}
        {!desk && health && troubles.length === 0 && (
          <span className={classes['well']}>{t('readiness.wellPhone')}</span>
        )}
        {!operator.phoneOnline && <span className={classes['dim']}>{t('readiness.offlinePhone')}</span>}
        {devices !== '' && <span className={classes['dim']}>{devices}</span>}
        {health && health.errors.length > 0 && (
          <details className={classes['errors']}>
            <summary>
              {t('readiness.errors')} ({health.errors.length})
            </summary>
            <ul>
              {health.errors.map((error) => (
                <li key={`${error.at} ${error.text}`} className="num">
                  {exactTime(error.at, language)} {error.kind} {error.text}
                </li>
              ))}
            </ul>
          </details>
        )}
      </div>
      <div className={classes['checked']}>
        {desk ? '' : health?.checkedAt ? ago(health.checkedAt, now, language) : t('readiness.never')}
      </div>
    </li>
  )
}

/** A step that is not as it should be, in the words that its operator reads. */
function Trouble({ trouble }: { trouble: PhoneStepFieldsFragment }) {
  const { t, i18n } = useTranslation()
  const name = stepNames.find((known) => known.toUpperCase() === trouble.name) ?? 'clock'
  // A page of another version may know problems that this one has no words for.
  const key = `check.problem.${trouble.problem}.title`
  const words = i18n.exists(key) ? t(key as 'check.problem.late.title') : trouble.problem
  return (
    <span className={classes['trouble']} data-state={trouble.state}>
      <b>{t(`check.step.${name}`)}.</b> {words} <Elapsed since={trouble.since} className={classes['time']} />
    </span>
  )
}
