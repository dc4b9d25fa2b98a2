import { useMutation } from '@apollo/client/react'
import { Button, Switch, TextInput } from '@mantine/core'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import {
  ConnectorsDocument,
  SwitchConnectorDocument,
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
import { fieldsOf, presetOf, unplaced } from './fields'
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
  const [turn, turning] = useMutation(SwitchConnectorDocument, { refetchQueries: [ConnectorsDocument] })

  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    const first = form.current?.querySelector<HTMLElement>('[aria-invalid=true]')
    const folded = first?.closest('details')
    if (folded) folded.open = true
    if (Object.keys(refused).length > 0) first?.focus()
  }, [refused])

  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }))
  const failed = saving.error ?? turning.error
  const problem = failed && problemOf(failed)
  const wrong = Object.fromEntries(Object.entries(refused).map(([path, said]) => [path, words.wrong(said)]))
  const elsewhere = unplaced(fields, ['id', 'name'], wrong)
  const input = () => inputOf(draft, { fields, preset: presetOf(kind.presets, draft.config), stored })
  const begin = () => {
    setRefused({})
    saving.reset()
    turning.reset()
  }
  const refuse = (error: unknown) => setRefused(problemOf(error).details ?? {})
  const store = () => {
    begin()
    save({ variables: { connector: input() } }).then(() => navigate('/connectors'), refuse)
  }
  // As it is stored: what has been typed since is neither sent nor lost.
  const turnTo = (id: string, disabled: boolean) => {
    begin()
    turn({ variables: { id, disabled, version: draft.version } }).then(
      ({ data }) => data && change({ disabled, version: data.switchConnector.connector.version }),
      refuse,
    )
  }

  return (
    <>
      <p className={classes['intro']}>
        {words.kind(kind.name)}. {words.about(kind.name)}
      </p>
      {connector && <ConnectorState connector={connector} />}
      <form
        ref={form}
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
          error={wrong['name']}
          maxLength={80}
          required
          autoComplete="off"
          onChange={({ currentTarget: { value } }) => change({ name: value })}
        />
        <TextInput
          label={t('connectors.id')}
          description={t('connectors.idHint')}
          value={draft.id}
          error={wrong['id']}
          readOnly={connector !== undefined}
          variant={connector ? 'filled' : 'default'}
          required
          autoComplete="off"
          onChange={({ currentTarget: { value } }) => change({ id: value })}
        />
        <SettingsForm
          kind={kind}
          fields={fields}
          draft={draft}
          stored={stored}
          refused={wrong}
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
            {problem.code === 'CONFLICT'
              ? t('connectors.conflict')
              : problem.details
                ? t('connectors.fields')
                : say(problem)}
            {elsewhere.map((line) => (
              <p key={line}>{line}</p>
            ))}
          </div>
        )}
        <div className={classes['actions']}>
          <Button type="submit" loading={saving.loading} disabled={broken.size > 0 || turning.loading}>
            {t('connectors.save')}
          </Button>
          {connector && (
            <>
              <Button
                variant="default"
                loading={turning.loading}
                disabled={saving.loading}
                onClick={() => turnTo(connector.id, !draft.disabled)}
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
        intro={t('connectors.try.intro')}
        input={() => ({ draft: input() })}
        disabled={broken.size > 0}
        onRefused={(wrong) => setRefused(wrong)}
      />
    </>
  )
}
