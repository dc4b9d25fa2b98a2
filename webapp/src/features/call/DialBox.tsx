import { Button, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { Outbound } from '@/components/icons'
import { Keys } from '@/components/Keys'
import { looksLikeNumber } from '@/lib/format'
import { useCommandState, useMe, useServices } from '@/session/context'
import { useDial } from '@/session/use-dial'
import { useReadyReason } from '@/session/use-ready'
import classes from './DialBox.module.css'

/** Without a call: a number to dial, in the place where the call will be. */
export function DialBox() {
  const { t } = useTranslation()
  const [number, setNumber] = useState('')
  const { dial, reason, pending } = useDial()
  const { availability } = useMe()
  const valid = looksLikeNumber(number)
  const { commands } = useServices()
  const readyReason = useReadyReason()
  const { pending: commandsPending } = useCommandState()

  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (valid && reason === '' && !pending) dial(number.trim())
  }

  return (
    <form className={classes['box']} onSubmit={submit}>
      <div className={classes['state']}>
        <p className={classes['hint']}>{t(`call.idle.${availability}`)}</p>
        {availability !== 'READY' && (
          <Button
            size="xs"
            color="green"
            className={classes['ready']}
            title={readyReason}
            disabled={readyReason !== ''}
            loading={commandsPending.has('setAvailability')}
            rightSection={<Keys>R</Keys>}
            onClick={() => {
              void commands.setAvailability('READY')
            }}
          >
            {t('call.becomeReady')}
          </Button>
        )}
      </div>
      <div className={classes['row']}>
        <TextInput
          className={classes['input']}
          size="md"
          type="tel"
          autoComplete="off"
          aria-label={t('call.number')}
          placeholder={t('call.numberPlaceholder')}
          value={number}
          onChange={(event) => setNumber(event.currentTarget.value)}
        />
        <Button
          type="submit"
          size="md"
          variant="default"
          leftSection={<Outbound size={18} aria-hidden />}
          loading={pending}
          disabled={!valid || reason !== ''}
        >
          {t('call.dial')}
        </Button>
      </div>
      {number !== '' && reason !== '' && <p className={classes['reason']}>{reason}</p>}
    </form>
  )
}
