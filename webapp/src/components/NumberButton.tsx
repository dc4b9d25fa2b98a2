import { UnstyledButton } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import classes from './NumberButton.module.css'

/** A telephone number that dials when pressed. Only numbers that can be dialled are buttons. */
export function NumberButton(props: {
  display: string
  label?: string
  main?: boolean
  reason: string
  onDial: (() => void) | undefined
}) {
  const { display, label, main = false, reason, onDial } = props
  const { t } = useTranslation()
  return (
    <span className={classes['line']}>
      {onDial ? (
        <UnstyledButton
          className={classes['number']}
          data-main={main || undefined}
          aria-label={t('customer.callNumber', { number: display })}
          aria-disabled={reason !== '' || undefined}
          title={reason === '' ? t('customer.callNumber', { number: display }) : reason}
          onClick={() => {
            if (reason === '') onDial()
          }}
        >
          {display}
        </UnstyledButton>
      ) : (
        display
      )}
      {label ? <span className={classes['label']}>{label}</span> : null}
    </span>
  )
}
