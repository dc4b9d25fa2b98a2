import { useMutation } from '@apollo/client/react'
import { Button, Switch, TextInput } from '@mantine/core'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import {
  ConnectorsDocument,
  UpsertConnectorDocument,
  type ConnectorFieldsFragment,
  type ConnectorKindsQuery,
} from '@/gql/pages/graphql'
import { exactTime } from '@/lib/format'
import { problemOf } from '@/lib/problem'
import { useLanguage } from '@/lib/use-language'
import { useProblemText } from '@/session/use-problem-text'
import { ConnectorState } from './ConnectorState'
import { DeleteConnector } from './DeleteConnector'
import { SettingsForm } from './SettingsForm'
import { Trials } from './Trials'
import { inputOf, type Draft } from './draft'
import { fieldsOf, unplaced } from './fields'
import { useWords } from './words'
import classes from './Connectors.module.css'

interface ConnectorEditorProps {
  kind: ConnectorKindsQuery['connectorKinds'][number]
  begun: Draft
  /** Paths of the secrets that are set. */
  stored: readonly string[]
  connector?: ConnectorFieldsFragment
}

/** The settings of a connector: typed, tried, and only then saved. */
export function ConnectorEditor({ kind, begun, stored, connector }: ConnectorEditorProps) {
  const { t } = useTranslation()
  const words = useWords()
  const say = useProblemText('systems')
  const language = useLanguage()
  const [, navigate] = useLocation()
  const [draft, setDraft] = useState(begun)
  /** Documents that are no YAML, by field: nothing is sent while there are any. */
  const [broken, setBroken] = useState<ReadonlySet<string>>(new Set())
  const [refused, setRefused] = useState<Readonly<Record<string, string>>>({})
  const fields = useMemo(() => fieldsOf(kind.schema), [kind.schema])
  const [save, saving] = useMutation(UpsertConnectorDocument, { refetchQueries: [ConnectorsDocument] })

  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }))
  const problem = saving.error && problemOf(saving.error)
  const elsewhere = unplaced(fields, ['id', 'name'], refused)
  const store = (part: Partial<Draft> = {}) => {
    setRefused({})
    save({ variables: { connector: inputOf({ ...draft, ...part }) } }).then(
      () => navigate('/connectors'),
      (error: unknown) => setRefused(problemOf(error).details ?? {}),
    )
  }

  return (
    <>
      <p className={classes['intro']}>
        {words.kind(kind.name)}. {words.about(kind.name)}
      </p>
      {connector && <ConnectorState connector={connector} />}
      <form
        className={classes['form']}
        onSubmit={(event) => {
          event.preventDefault()
          store()
        }}
      >
        <TextInput
          label={t('connectors.name')}
          description={t('connectors.nameHint')}
          value={draft.name}
          error={refused['name']}
          maxLength={80}
          required
          autoComplete="off"
          onChange={({ currentTarget: { value } }) => change({ name: value })}
        />
        <TextInput
          label={t('connectors.id')}
          description={t('connectors.idHint')}
          value={draft.id}
          error={refused['id']}
          disabled={connector !== undefined}
          required
          autoComplete="off"
          onChange={({ currentTarget: { value } }) => change({ id: value })}
        />
        <SettingsForm
          kind={kind}
          fields={fields}
          draft={draft}
          stored={stored}
          refused={refused}
          onChange={change}
          onBroken={(name, isBroken) =>
            setBroken((before) => {
              const next = new Set(before)
              if (isBroken) next.add(name)
              else next.delete(name)
              return next
            })
          }
        />
        <Switch
          label={t('connectors.index')}
          description={t('connectors.indexHint')}
          checked={draft.index}
          onChange={({ currentTarget: { checked } }) => change({ index: checked })}
        />
        {problem && (
          <div role="alert" className={classes['wrong']}>
            {problem.code === 'CONFLICT' ? t('connectors.conflict') : say(problem)}
            {elsewhere.map((line) => (
              <p key={line}>{line}</p>
            ))}
          </div>
        )}
        <div className={classes['actions']}>
          <Button type="submit" loading={saving.loading} disabled={broken.size > 0}>
            {t('connectors.save')}
          </Button>
          {connector && (
            <>
              <Button
                variant="default"
                disabled={broken.size > 0 || saving.loading}
                onClick={() => store({ disabled: !draft.disabled })}
              >
                {t(draft.disabled ? 'connectors.enable' : 'connectors.disable')}
              </Button>
              <DeleteConnector connector={connector} />
            </>
          )}
        </div>
        {connector?.updatedAt && (
          <p className={classes['dim']}>
            {t('connectors.saved', {
              at: new Date(connector.updatedAt).toLocaleDateString(language),
              time: exactTime(connector.updatedAt, language),
              name: connector.updatedBy?.name ?? '—',
            })}
          </p>
        )}
      </form>
      <Trials
        input={() => ({ draft: inputOf(draft) })}
        disabled={broken.size > 0}
        onRefused={(wrong) => setRefused(wrong)}
      />
    </>
  )
}
