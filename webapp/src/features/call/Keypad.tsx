import { UnstyledButton } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { control } from '@/lib/platform'
import { useServices } from '@/session/context'
import { keysIn, portions } from './digits'
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
  const [nothing, setNothing] = useState(false)
  const press = (digits: string) => {
    setSent((before) => (before + digits).slice(-24))
    void commands.sendDigits(callId, digits)
  }
  const paste = async (text: string) => {
    const keys = keysIn(text)
    setNothing(keys === '')
    for (const portion of portions(keys)) {
      setSent((before) => (before + portion).slice(-24))
      if (!(await commands.sendDigits(callId, portion))) return
    }
  }
  useDigits(press, (text) => void paste(text))
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
      <p className={classes['hint']} role="status">
        {nothing ? t('call.pasteNothing') : t('call.pasteHint', { key: `${control}V` })}
      </p>
    </div>
  )
}
