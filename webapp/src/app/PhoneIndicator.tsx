import { Button, Popover, UnstyledButton } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Phone } from '@/components/icons'
import { SignMark } from '@/components/SignMark'
import type { Sign } from '@/lib/sign'
import { isMicrophoneBlocked, type LineView } from '@/phone/view'
import { usePhone, useServices } from '@/session/context'
import { useBehindReason } from '@/session/use-behind'
import classes from './PhoneIndicator.module.css'

const signs: Record<LineView, Sign> = {
  off: 'offline',
  starting: 'paused',
  ready: 'ready',
  simulated: 'ready',
  reconnecting: 'trouble',
  unserved: 'trouble',
  otherTab: 'offline',
  takenOver: 'offline',
  desk: 'ready',
  deskAway: 'trouble',
}

/** The phone in one button: its state at a glance, the reason and the remedy on demand. */
export function PhoneIndicator() {
  const { t } = useTranslation()
  const { phone: actor } = useServices()
  const phone = usePhone()
  const noMicrophone = isMicrophoneBlocked(phone)
  const word = noMicrophone ? t('phone.noMicrophone') : t(`phone.line.${phone.line}`)
  const behind = useBehindReason()
  const elsewhere = phone.line === 'otherTab' || phone.line === 'takenOver'
  return (
    <Popover position="bottom-end" width={300}>
      <Popover.Target>
        <UnstyledButton className={classes['phone']} aria-label={t('phone.state', { state: word })} title={word}>
          <Phone size={18} stroke={1.8} aria-hidden />
          <span className={classes['mark']}>
            <SignMark sign={noMicrophone ? 'trouble' : signs[phone.line]} size={10} />
          </span>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        <p className={classes['word']}>{word}</p>
        <p className={classes['text']}>
          {noMicrophone ? t('phone.noMicrophoneText') : t(`phone.lineText.${phone.line}`)}
        </p>
        {elsewhere && (
          <Button size="xs" title={behind} disabled={behind !== ''} onClick={() => actor.send({ type: 'TAKE_HERE' })}>
            {t('phone.takeHere')}
          </Button>
        )}
        {noMicrophone && (
          <Button size="xs" variant="default" onClick={() => actor.send({ type: 'CHECK_MICROPHONE' })}>
            {t('phone.checkAgain')}
          </Button>
        )}
      </Popover.Dropdown>
    </Popover>
  )
}
