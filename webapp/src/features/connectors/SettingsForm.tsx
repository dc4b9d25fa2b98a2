import { TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ConnectorKindsQuery } from '@/gql/pages/graphql'
import { DocumentInput } from './DocumentInput'
import { FieldInput } from './FieldInput'
import { SecretInput } from './SecretInput'
import type { Draft } from './draft'
import {
  isObject,
  isShown,
  presetOf,
  secretNames,
  textOf,
  valueAt,
  valueInForce,
  withValue,
  wrongAt,
  type Field,
  type Settings,
} from './fields'
import { useWords } from './words'
import classes from './Connectors.module.css'

interface SettingsFormProps {
  kind: ConnectorKindsQuery['connectorKinds'][number]
  fields: readonly Field[]
  draft: Draft
  stored: readonly string[]
  refused: Readonly<Record<string, string>>
  onChange: (part: Partial<Draft>) => void
  /** A document became, or is no longer, one that cannot be read. */
  onBroken: (name: string, isBroken: boolean) => void
}

/** The settings of a kind, as its schema describes them: what is needed first, the rest folded away. */
export function SettingsForm(props: SettingsFormProps) {
  const { t } = useTranslation()
  const { kind, fields, draft } = props
  const preset = presetOf(kind.presets, draft.config)
  const plain = fields.filter((field) => !field.more)
  const more = fields.filter((field) => field.more)
  // Without a preset the description of the system is what there is to be written.
  const open = kind.presets.length > 0 && Object.keys(preset).length === 0
  return (
    <>
      <FieldList {...props} shown={plain} preset={preset} />
      {more.length > 0 && (
        <details className={classes['more']} key={String(open)} open={open}>
          <summary>{t('connectors.more')}</summary>
          <div className={classes['form']}>
            <FieldList {...props} shown={more} preset={preset} />
          </div>
        </details>
      )}
    </>
  )
}

function FieldList(props: SettingsFormProps & { shown: readonly Field[]; preset: Settings }) {
  const { kind, shown, draft, preset } = props
  return shown
    .filter((field) => isShown(field, shown, draft.config, preset))
    .map((field) => <OneField key={`${kind.name} ${field.name}`} {...props} field={field} />)
}

function OneField(props: SettingsFormProps & { field: Field; preset: Settings }) {
  const { kind, field, draft, preset, stored, refused, onChange, onBroken } = props
  const words = useWords()
  const title = words.title(kind.name, field)
  const hint = words.hint(kind.name, field)
  const set = (path: readonly string[], value: unknown) => onChange({ config: withValue(draft.config, path, value) })
  const secret = (path: string) => ({
    value: draft.secrets[path],
    stored: stored.includes(path),
    error: refused[`config.${path}`],
    onChange: (value: string | null | undefined) => {
      const { [path]: _, ...others } = draft.secrets
      onChange({ secrets: value === undefined ? others : { ...others, [path]: value } })
    },
  })
  switch (field.kind) {
    case 'section':
      return (
        <fieldset className={classes['section']}>
          <legend>{title}</legend>
          <FieldList {...props} shown={field.fields} />
        </fieldset>
      )
    case 'secret':
      return <SecretInput label={title} hint={hint} {...secret(field.name)} />
    case 'secrets': {
      const names = [...new Set([...secretNames(preset), ...secretNames(draft.config), ...inside(field, stored)])]
      return names.map((name) => (
        <SecretInput key={name} label={`${title}: ${name}`} hint={hint} {...secret(`${field.name}.${name}`)} />
      ))
    }
    case 'settings': {
      const given = valueAt(preset, field.path)
      if (isObject(given) && Object.keys(given).length > 0)
        return (
          <fieldset className={classes['section']}>
            <legend>{title}</legend>
            {Object.entries(given).map(([key, usual]) => (
              <PresetSetting
                key={key}
                label={words.setting(key)}
                usual={usual}
                value={valueAt(draft.config, [...field.path, key])}
                error={refused[`config.${field.name}.${key}`]}
                onChange={(value) => set([...field.path, key], value)}
              />
            ))}
          </fieldset>
        )
      return documentOf()
    }
    case 'document':
      return documentOf()
    default:
      return (
        <FieldInput
          field={field}
          label={title}
          hint={hint}
          value={valueAt(draft.config, field.path)}
          usual={valueInForce(field, {}, preset)}
          choiceWords={(value) => {
            const chosen = kind.presets.find(({ name }) => field.name === 'preset' && name === value)
            return chosen ? words.preset(chosen) : words.choice(kind.name, field, value)
          }}
          error={wrongAt(field, refused)}
          onChange={(value) => set(field.path, value)}
        />
      )
  }

  function documentOf() {
    return (
      <DocumentInput
        label={title}
        hint={hint}
        value={valueAt(draft.config, field.path)}
        error={wrongAt(field, refused)}
        onChange={(value) => set(field.path, value)}
        onBroken={(isBroken) => onBroken(field.name, isBroken)}
      />
    )
  }
}

/** What stands in a section of secrets. */
const inside = (field: Field, stored: readonly string[]) =>
  stored.filter((path) => path.startsWith(`${field.name}.`)).map((path) => path.slice(field.name.length + 1))

/** A setting that a preset names: null there has to be given, a list is written with commas. What is typed stays as it is typed. */
function PresetSetting(props: {
  label: string
  usual: unknown
  value: unknown
  error: string | undefined
  onChange: (value: unknown) => void
}) {
  const { label, usual, value, error, onChange } = props
  const [typed, setTyped] = useState(textOf(value))
  return (
    <TextInput
      label={label}
      required={usual === null}
      placeholder={usual === null ? '' : textOf(usual)}
      value={typed}
      error={error}
      autoComplete="off"
      onChange={({ currentTarget: { value: now } }) => {
        setTyped(now)
        const list = now.split(',').map((one) => one.trim())
        onChange(Array.isArray(usual) ? list.filter((one) => one !== '') : now)
      }}
    />
  )
}
