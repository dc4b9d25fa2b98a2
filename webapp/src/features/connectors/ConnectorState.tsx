import { useTranslation } from 'react-i18next'
import { SignMark } from '@/components/SignMark'
import type { ConnectorFieldsFragment, ConnectorState as State } from '@/gql/pages/graphql'
import type { Sign } from '@/lib/sign'
import { useTroubleWords } from '@/session/use-trouble-words'
import { Elapsed } from '@/session/Elapsed'
import classes from './Connectors.module.css'

const signs: Record<State, Sign> = {
  UNKNOWN: 'offline',
  UP: 'ready',
  FAILING: 'paused',
  DOWN: 'trouble',
  DISABLED: 'offline',
  REFUSED: 'trouble',
}

/** How a connector is doing: sign, word, since when, and why. */
export function ConnectorState({ connector }: { connector: ConnectorFieldsFragment }) {
  const { t } = useTranslation()
  const trouble = useTroubleWords()
  const { state, since, failingSince, problem } = connector
  const begun = failingSince ?? since
  return (
    <div className={classes['state']}>
      <span className={classes['sign']} data-state={state}>
        <SignMark sign={signs[state]} />
        {t(`connectors.state.${state}`)}
        {begun && state !== 'UP' && <Elapsed since={begun} className={classes['dim']} />}
      </span>
      {problem !== '' && <span className={classes['why']}>{trouble(problem)}</span>}
    </div>
  )
}
