import { Button, PasswordInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import classes from './Connectors.module.css'

interface SecretInputProps {
  label: string
  hint: string
  /** What was typed; null: to be taken away; undefined: nothing is changed. */
  value: string | null | undefined
  /** One is set, which nobody can read. */
  stored: boolean
  error: string | undefined
  onChange: (value: string | null | undefined) => void
}

/** A secret: written, replaced, taken away, never shown. */
export function SecretInput({ label, hint, value, stored, error, onChange }: SecretInputProps) {
  const { t } = useTranslation()
  const removed = value === null
  const state = removed ? t('connectors.secret.removed') : stored ? t('connectors.secret.set') : ''
  return (
    <div className={classes['secret']}>
      <PasswordInput
        label={label}
        description={hint === '' ? undefined : hint}
        placeholder={state}
        value={value ?? ''}
        error={error}
        autoComplete="new-password"
        visibilityToggleButtonProps={{ 'aria-label': t('connectors.secret.show') }}
        onChange={({ currentTarget: { value: typed } }) => onChange(typed === '' ? undefined : typed)}
      />
      {stored && (
        <Button variant="subtle" size="compact-sm" onClick={() => onChange(removed ? undefined : null)}>
          {t(removed ? 'connectors.secret.keep' : 'connectors.secret.remove')}
        </Button>
      )}
    </div>
  )
}
