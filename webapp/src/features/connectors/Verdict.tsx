import { SignMark } from '@/components/SignMark'
import type { TrialFieldsFragment } from '@/gql/pages/graphql'
import { repeats } from '@/lib/trouble'
import { useTroubleWords } from '@/session/use-trouble-words'
import { useWords } from './words'
import classes from './Connectors.module.css'

/** How a trial went, in a word: good, or what the trouble is called here and what the system said. */
export function Verdict({ trial, good }: { trial: TrialFieldsFragment; good: string }) {
  const words = useWords()
  const said = useTroubleWords()(trial.problem)
  const { ok, code, problem } = trial
  const trouble = words.code(code)
  return (
    <p role="status" className={classes['verdict']} data-ok={ok}>
      <SignMark sign={ok ? 'ready' : 'trouble'} />
      <span>
        {ok ? good : trouble === '' ? said : trouble}
        {!ok && trouble !== '' && !repeats(code, problem) && <span className={classes['why']}> {said}</span>}
      </span>
    </p>
  )
}
