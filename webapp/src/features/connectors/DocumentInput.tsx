import { Textarea } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { parseDocument, stringify } from 'yaml'
import classes from './Connectors.module.css'

interface DocumentInputProps {
  label: string
  hint: string
  value: unknown
  error: string | undefined
  onChange: (value: unknown) => void
  onBroken: (isBroken: boolean) => void
}

/** What no form can hold, as YAML; JSON is YAML too. The text stays as it was typed. */
export function DocumentInput({ label, hint, value, error, onChange, onBroken }: DocumentInputProps) {
  const { t } = useTranslation()
  const [text, setText] = useState(() => (value === undefined ? '' : stringify(value, { lineWidth: 0 })))
  const [wrong, setWrong] = useState<{ line: number }>()
  // A field that is no longer shown keeps nobody from saving.
  const broken = useRef(onBroken)
  useEffect(() => {
    broken.current = onBroken
  })
  useEffect(() => () => broken.current(false), [])

  const take = (typed: string) => {
    setText(typed)
    const document = parseDocument(typed)
    const [first] = document.errors
    setWrong(first && { line: first.linePos?.[0].line ?? 1 })
    onBroken(first !== undefined)
    if (!first) onChange(document.toJS() ?? undefined)
  }
  return (
    <Textarea
      label={label}
      description={hint === '' ? t('connectors.yaml') : hint}
      classNames={{ input: classes['document'] ?? '' }}
      value={text}
      error={wrong ? t('connectors.noYaml', { line: wrong.line }) : error}
      autosize
      minRows={3}
      maxRows={24}
      spellCheck={false}
      onChange={({ currentTarget }) => take(currentTarget.value)}
    />
  )
}
