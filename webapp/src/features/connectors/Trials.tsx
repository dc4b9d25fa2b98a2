import { useMutation } from '@apollo/client/react'
import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { TestConnectorDocument, TryConnectorDocument, type TestConnectorInput } from '@/gql/pages/graphql'
import { problemOf } from '@/lib/problem'
import { useProblemText } from '@/session/use-problem-text'
import { TestOutcome } from './TestOutcome'
import { TryOutcome } from './TryOutcome'
import classes from './Connectors.module.css'

interface TrialsProps {
  /** With which settings. */
  intro: string
  /** What is tried, as it stands now. */
  input: () => TestConnectorInput
  disabled?: boolean
  onRefused?: (wrong: Readonly<Record<string, string>>) => void
}

/** The connection tested, and a real number tried: nothing of it is saved. */
export function Trials({ intro, input, disabled = false, onRefused = () => {} }: TrialsProps) {
  const { t } = useTranslation()
  const say = useProblemText('systems')
  const [number, setNumber] = useState('')
  const [test, tested] = useMutation(TestConnectorDocument, { fetchPolicy: 'no-cache' })
  const [look, looked] = useMutation(TryConnectorDocument, { fetchPolicy: 'no-cache' })
  const refused = (error: unknown) => onRefused(problemOf(error).details ?? {})
  const begin = () => {
    onRefused({})
    tested.reset()
    looked.reset()
  }
  const error = tested.error ?? looked.error
  const problem = error && problemOf(error)
  return (
    <section className={classes['trials']} aria-labelledby="trials">
      <h2 id="trials" className={classes['heading']}>
        {t('connectors.try.title')}
      </h2>
      <p className={classes['intro']}>{intro}</p>
      <form
        className={classes['bench']}
        onSubmit={(event) => {
          event.preventDefault()
          begin()
          look({ variables: { input: { ...input(), number } } }).catch(refused)
        }}
      >
        <Button
          variant="default"
          loading={tested.loading}
          disabled={disabled || looked.loading}
          onClick={() => {
            begin()
            test({ variables: { input: input() } }).catch(refused)
          }}
        >
          {t('connectors.try.test')}
        </Button>
        <TextInput
          aria-label={t('connectors.try.number')}
          placeholder={t('connectors.try.number')}
          type="tel"
          value={number}
          autoComplete="off"
          onChange={({ currentTarget: { value } }) => setNumber(value)}
        />
        <Button
          type="submit"
          variant="default"
          loading={looked.loading}
          disabled={disabled || tested.loading || number.trim() === ''}
        >
          {t('connectors.try.look')}
        </Button>
      </form>
      {problem && (
        <p role="alert" className={classes['wrong']}>
          {problem.details && !problem.details['number'] ? t('connectors.fields') : say(problem)}
        </p>
      )}
      {tested.data && <TestOutcome outcome={tested.data.testConnector} />}
      {looked.data && <TryOutcome outcome={looked.data.tryConnector} />}
    </section>
  )
}
