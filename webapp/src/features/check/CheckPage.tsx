import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { Back } from '@/components/icons'
import { worstOf, type PreflightState, type StepProblem } from '@/phone/preflight'
import { isMicrophoneBlocked, type PhoneView } from '@/phone/view'
import { usePhone } from '@/session/context'
import { useCheck } from '@/session/use-check'
import classes from './Check.module.css'
import { Help, StepRow } from './StepRow'

/** The check of the phone, step by step, with help. It fits the phone's own small window as well. */
export function CheckPage({ home = '/' }: { home?: string }) {
  const { t } = useTranslation()
  const phone = usePhone()
  const { state, here, again } = useCheck()
  return (
    <main className={classes['page']}>
      <div className={classes['inside']}>
        <Link to={home} className={classes['back']}>
          <Back size={16} aria-hidden />
          {t('settings.back')}
        </Link>
        <h1 className={classes['title']}>{t('check.title')}</h1>
        <p className={classes['intro']}>{t('check.intro')}</p>
        <div className={classes['summary']} data-state={toneOf(state)}>
          <span role="status">{t(`check.${summaryOf(state)}`, { step: '' })}</span>
          {state.phase !== 'idle' && (
            <Button size="xs" variant="default" loading={state.phase === 'running'} onClick={() => again()}>
              {t('check.againAll')}
            </Button>
          )}
        </div>
        {/* The phone's own window has it, and says what is wrong; what to click is the same here. */}
        {state.phase === 'idle' && isMicrophoneBlocked(phone) && (
          <Help problem={problemOf(phone.microphone)} about="microphone" />
        )}
        <ul aria-label={t('check.steps')} className={classes['steps']}>
          {state.steps.map((step) => (
            <StepRow key={step.name} step={step} here={here} again={again} />
          ))}
        </ul>
      </div>
    </main>
  )
}

function toneOf(state: PreflightState): string {
  return state.phase === 'done' ? (worstOf(state)?.state ?? 'ok') : 'running'
}

function summaryOf(state: PreflightState): 'idle' | 'intro' | 'well' | 'warned' | 'broken' {
  if (state.phase === 'idle') return 'idle'
  if (state.phase === 'running') return 'intro'
  const worst = worstOf(state)
  if (!worst) return 'well'
  return worst.state === 'warn' ? 'warned' : 'broken'
}

function problemOf(microphone: PhoneView['microphone']): StepProblem {
  if (microphone === 'failed' || microphone === 'ready' || microphone === 'unknown') return 'broken'
  return microphone
}
