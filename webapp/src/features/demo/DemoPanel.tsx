import { useMutation, useQuery } from '@apollo/client/react'
import { Button, Select } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Panel } from '@/components/Panel'
import { DemoCallDocument, QueuesDocument, type ViewerFieldsFragment } from '@/gql/graphql'
import { problemOf } from '@/lib/problem'
import { useBehindReason } from '@/session/use-behind'
import { useProblemText } from '@/session/use-problem-text'
import classes from './DemoPanel.module.css'

const unknownNumber = ''

/** Demo only: lets a customer of the demo base call. */
export function DemoPanel({ demo }: { demo: NonNullable<ViewerFieldsFragment['demo']> }) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  const behind = useBehindReason()
  const { data } = useQuery(QueuesDocument, { fetchPolicy: 'cache-only' })
  const queues = data?.queues ?? []
  const [caller, setCaller] = useState<string>(demo.callers[0]?.number.e164 ?? unknownNumber)
  const [queue, setQueue] = useState<string | null>(null)
  const [call, { loading, error }] = useMutation(DemoCallDocument, { fetchPolicy: 'no-cache' })

  const callers = [
    ...new Map(
      demo.callers.map(({ name, company, number }) => [
        number.e164,
        { value: number.e164, label: company && company !== name ? `${name}, ${company}` : name },
      ]),
    ).values(),
    { value: unknownNumber, label: t('demo.unknown') },
  ]

  return (
    <Panel title={t('demo.title')} className={classes['panel']}>
      <Select
        size="xs"
        aria-label={t('demo.caller')}
        data={callers}
        value={caller}
        onChange={(value) => setCaller(value ?? unknownNumber)}
        allowDeselect={false}
        searchable
        limit={50}
        comboboxProps={{ shadow: 'none', width: 280, position: 'top-start' }}
      />
      {queues.length > 1 && (
        <Select
          size="xs"
          aria-label={t('demo.queue')}
          data={queues.map((other) => ({ value: other.key, label: other.name }))}
          value={queue ?? queues[0]?.key ?? null}
          onChange={setQueue}
          allowDeselect={false}
          comboboxProps={{ shadow: 'none' }}
        />
      )}
      <Button
        size="xs"
        variant="light"
        loading={loading}
        title={behind}
        disabled={behind !== ''}
        onClick={() => {
          // The refusal is shown below.
          call({ variables: { input: { number: caller || null, queue: queue ?? queues[0]?.key ?? null } } }).catch(
            () => {},
          )
        }}
      >
        {t('demo.call')}
      </Button>
      {error && (
        <p className={classes['problem']} role="alert">
          {problemText(problemOf(error))}
        </p>
      )}
      <p className={classes['hint']}>{demo.simulated ? t('demo.silent') : t('demo.speaks')}</p>
    </Panel>
  )
}
