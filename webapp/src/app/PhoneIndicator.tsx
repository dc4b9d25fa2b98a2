import { Button, Popover, UnstyledButton } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Phone } from '@/components/icons'
import { LevelMeter } from '@/components/LevelMeter'
import { SignMark } from '@/components/SignMark'
import { isMicrophoneBlocked } from '@/phone/view'
import { useObservable, usePhone, useServices } from '@/session/context'
import { commandPhone } from '@/session/services'
import { useBehindReason } from '@/session/use-behind'
import classes from './PhoneIndicator.module.css'
import { signOfLine } from './sign-of-line'

/** The phone in one button: its state at a glance, the reason and the remedy on demand. */
export function PhoneIndicator() {
  const { t } = useTranslation()
  const services = useServices()
  const phone = usePhone()
  const noMicrophone = isMicrophoneBlocked(phone)
  const word = noMicrophone ? t('phone.noMicrophone') : t(`phone.line.${phone.line}`)
  const text =
    phone.at === 'window' && phone.line === 'ready' ? t('phoneWindow.there') : t(`phone.lineText.${phone.line}`)
  const behind = useBehindReason()
  const elsewhere = phone.line === 'otherTab' || phone.line === 'takenOver'
  return (
    <Popover position="bottom-end" width={300}>
      <Popover.Target>
        <UnstyledButton className={classes['phone']} aria-label={t('phone.state', { state: word })} title={word}>
          <Phone size={18} stroke={1.8} aria-hidden />
          <span className={classes['mark']}>
            <SignMark sign={noMicrophone ? 'trouble' : signOfLine[phone.line]} size={10} />
          </span>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        <p className={classes['word']}>{word}</p>
        <p className={classes['text']}>{noMicrophone ? t('phone.noMicrophoneText') : text}</p>
        {elsewhere && (
          <Button size="xs" title={behind} disabled={behind !== ''} onClick={() => commandPhone(services, 'TAKE_HERE')}>
            {t('phone.takeHere')}
          </Button>
        )}
        {phone.at === 'window' && <WindowLevel />}
        {services.openPhone && phone.at === undefined && !elsewhere && (
          <Button size="xs" variant="default" onClick={() => services.openPhone?.(true)}>
            {t('phoneWindow.open')}
          </Button>
        )}
        {noMicrophone && (
          <Button size="xs" variant="default" onClick={() => commandPhone(services, 'CHECK_MICROPHONE')}>
            {t('phone.checkAgain')}
          </Button>
        )}
      </Popover.Dropdown>
    </Popover>
  )
}

/** How loud the operator is in the phone's own window. */
function WindowLevel() {
  const { t } = useTranslation()
  const { share } = useServices()
  const level = useObservable(share.level)
  return <LevelMeter level={level} label={t('settings.level')} />
}
