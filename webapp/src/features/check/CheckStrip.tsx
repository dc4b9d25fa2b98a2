import { useTranslation } from 'react-i18next'
import type { PreflightState } from '@/phone/preflight'
import classes from './Check.module.css'
import { StepMark } from './StepMark'

/** The check in one line: the step that runs, and how all of them stand. */
export function CheckStrip({ state }: { state: PreflightState }) {
  const { t } = useTranslation()
  const { steps } = state
  const running = steps.find((step) => step.state === 'running') ?? steps.find((step) => step.state === 'waiting')
  const done = steps.filter((step) => step.state !== 'waiting' && step.state !== 'running').length
  return (
    <span className={classes['strip']}>
      <span role="status">
        {running && state.phase === 'running'
          ? t('check.running', { step: t(`check.step.${running.name}`) })
          : t('check.well')}
      </span>
      <span className={classes['ticks']} role="img" aria-label={t('check.progress', { done, all: steps.length })}>
        {steps.map((step) => (
          <StepMark key={step.name} state={step.state} size={14} quiet />
        ))}
      </span>
    </span>
  )
}
