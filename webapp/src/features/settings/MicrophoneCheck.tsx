import { Button, Select } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { MicrophoneOn } from '@/components/icons'
import { MicrophoneError, type MicrophoneProblem } from '@/phone/types'
import { useObservable, useServices } from '@/session/context'
import { devicePreferences, setDevicePreferences } from '@/session/device-preferences'
import { meter } from './meter'
import classes from './SettingsPage.module.css'

const bars = 24
const systemDefault = ''

/** Shows that the microphone hears, and lets another be chosen. */
export function MicrophoneCheck() {
  const { t } = useTranslation()
  const { microphone } = useServices()
  const preferred = useObservable(devicePreferences).microphone
  const [checking, setChecking] = useState(false)
  const [level, setLevel] = useState(0)
  const [heard, setHeard] = useState(false)
  const [problem, setProblem] = useState<MicrophoneProblem>()
  const [devices, setDevices] = useState<readonly MediaDeviceInfo[]>([])

  useEffect(() => {
    if (!checking) return
    let stop: () => void = () => {}
    let left = false
    void (async () => {
      try {
        const stream = await microphone.open()
        const end = meter(stream, (value) => {
          setLevel(value)
          if (value > 0.15) setHeard(true)
        })
        stop = () => {
          end()
          for (const track of stream.getTracks()) track.stop()
        }
        if (left) stop()
        // Names of devices are told only after the microphone was allowed.
        setDevices((await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === 'audioinput'))
      } catch (error) {
        setProblem(error instanceof MicrophoneError ? error.problem : 'failed')
        setChecking(false)
      }
    })()
    return () => {
      left = true
      stop()
      setLevel(0)
    }
  }, [checking, microphone, preferred])

  return (
    <div className={classes['setting']}>
      <div className={classes['label']}>
        <span>{t('settings.microphone')}</span>
        <span className={classes['hint']}>
          {problem ? t(`microphone.${problem}.short`) : checking ? (heard ? t('settings.heard') : t('settings.speak')) : t('settings.checkHint')}
        </span>
      </div>
      <div className={classes['control']}>
        <div className={classes['check']}>
          <Button
            size="xs"
            variant="default"
            leftSection={<MicrophoneOn size={16} aria-hidden />}
            onClick={() => {
              setProblem(undefined)
              setHeard(false)
              setChecking(!checking)
            }}
          >
            {checking ? t('settings.stopCheck') : t('settings.check')}
          </Button>
          <div
            className={classes['meter']}
            role="meter"
            aria-label={t('settings.level')}
            aria-valuemin={0}
            aria-valuemax={100}
            aria-valuenow={Math.round(level * 100)}
          >
            {Array.from({ length: bars }, (_, i) => (
              <span key={i} data-on={level * bars > i || undefined} />
            ))}
          </div>
        </div>
        {devices.length > 1 && (
          <Select
            size="xs"
            aria-label={t('settings.device')}
            data={[
              { value: systemDefault, label: t('settings.defaultDevice') },
              ...devices
                .filter((device) => device.deviceId !== 'default' && device.deviceId !== 'communications')
                .map((device, i) => ({ value: device.deviceId || `device-${i}`, label: device.label || t('settings.unnamedDevice', { number: i + 1 }) })),
            ]}
            value={preferred}
            onChange={(value) => setDevicePreferences({ microphone: value ?? systemDefault })}
            allowDeselect={false}
            comboboxProps={{ shadow: 'none' }}
          />
        )}
      </div>
    </div>
  )
}
