import { Checkbox, NumberInput, Select, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { textOf, type Field } from './fields'

interface FieldInputProps {
  field: Field
  label: string
  hint: string
  value: unknown
  /** What holds where nothing is given. */
  usual: unknown
  choiceWords: (value: string) => string
  error: string | undefined
  onChange: (value: unknown) => void
}

/** One setting that is a single value, or a list of texts. */
export function FieldInput({ field, label, hint, value, usual, choiceWords, error, onChange }: FieldInputProps) {
  const { t } = useTranslation()
  const text = typeof value === 'string' ? value : ''
  const instead = textOf(usual) || field.example
  const common = { label, error, required: field.required, ...(hint === '' ? {} : { description: hint }) }
  switch (field.kind) {
    case 'flag':
      return (
        <Checkbox
          label={label}
          description={hint}
          error={error}
          checked={Boolean(value ?? usual)}
          onChange={({ currentTarget: { checked } }) => onChange(checked)}
        />
      )
    case 'choice':
      return (
        <Select
          {...common}
          data={field.choices.map((choice) => ({ value: choice, label: choiceWords(choice) }))}
          value={text === '' ? null : text}
          placeholder={instead === '' ? t('connectors.noChoice') : choiceWords(instead)}
          clearable={!field.required}
          clearButtonProps={{ 'aria-label': t('connectors.clear') }}
          comboboxProps={{ shadow: 'none' }}
          onChange={(choice) => onChange(choice ?? undefined)}
        />
      )
    case 'number':
      return (
        <NumberInput
          {...common}
          value={typeof value === 'number' ? value : ''}
          placeholder={instead}
          min={0}
          allowDecimal={false}
          hideControls
          onChange={(typed) => onChange(typeof typed === 'number' ? typed : undefined)}
        />
      )
    case 'list':
      return <ListInput common={common} value={value} placeholder={instead} onChange={onChange} />
    default:
      return (
        <TextInput
          {...common}
          value={text}
          placeholder={instead}
          autoComplete="off"
          spellCheck={false}
          onChange={({ currentTarget: { value: typed } }) => onChange(typed)}
        />
      )
  }
}

/** Texts, a line each. What is typed stays as it is typed; empty lines are not sent. */
function ListInput(props: {
  common: { label: string; error: string | undefined; required: boolean; description?: string }
  value: unknown
  placeholder: string
  onChange: (value: unknown) => void
}) {
  const { common, value, placeholder, onChange } = props
  const [typed, setTyped] = useState(Array.isArray(value) ? value.join('\n') : '')
  return (
    <Textarea
      {...common}
      value={typed}
      placeholder={placeholder}
      autosize
      minRows={2}
      spellCheck={false}
      onChange={({ currentTarget }) => {
        setTyped(currentTarget.value)
        const lines = currentTarget.value.split('\n').map((line) => line.trim())
        onChange(lines.filter((line) => line !== ''))
      }}
    />
  )
}
