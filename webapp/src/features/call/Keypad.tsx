import { UnstyledButton } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useServices } from '@/session/context'
import classes from './Keypad.module.css'
import { useDigits } from './use-digits'

const keys: readonly (readonly [digit: string, letters: string])[] = [
  ['1', ''],
  ['2', 'ABC'],
  ['3', 'DEF'],
  ['4', 'GHI'],
  ['5', 'JKL'],
  ['6', 'MNO'],
  ['7', 'PQRS'],
  ['8', 'TUV'],
  ['9', 'WXYZ'],
  ['*', ''],
  ['0', '+'],
  ['#', ''],
]

/** Keys towards the customer's side: what is pressed is sent at once. Digits of the keyboard work too while it is open. */
export function Keypad({ callId }: { callId: string }) {
  const { t } = useTranslation()
  const { commands } = useServices()
  const [sent, setSent] = useState('')
  const press = (digit: string) => {
    setSent((before) => (before + digit).slice(-24))
    void commands.sendDigits(callId, digit)
  }
  useDigits(press)
  return (
    <div className={classes['keypad']}>
      <output className={`${classes['sent']} num`} aria-label={t('call.digitsSent')}>
        {sent || ' '}
      </output>
      <div className={classes['grid']}>
        {keys.map(([digit, letters]) => (
          <UnstyledButton key={digit} className={classes['key']} onClick={() => press(digit)} aria-label={digit}>
            <span className={classes['digit']}>{digit}</span>
            <span className={classes['letters']} data-letters={letters} />
          </UnstyledButton>
        ))}
      </div>
    </div>
  )
}
