import { Loader } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Done, Problem, Wait, Warning } from '@/components/icons'
import type { StepState } from '@/phone/preflight'
import classes from './Check.module.css'

const icons = { ok: Done, warn: Warning, failed: Problem, waiting: Wait } as const

/** The state of a step as a sign: shape and colour; the word is its label. */
export function StepMark({ state, size = 18, quiet = false }: { state: StepState; size?: number; quiet?: boolean }) {
  const { t } = useTranslation()
  const label = t(`check.state.${state}`)
  const Icon = state === 'running' ? undefined : icons[state]
  return (
    <span
      className={classes['mark']}
      data-state={state}
      {...(quiet ? { 'aria-hidden': true } : { role: 'img', 'aria-label': label })}
    >
      {Icon ? <Icon size={size} stroke={2.4} aria-hidden /> : <Loader size={size - 3} color="currentColor" />}
    </span>
  )
}
