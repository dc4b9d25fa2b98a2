import { Button, Select } from '@mantine/core'
import { useEffect, useEffectEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { MicrophoneOn } from '@/components/icons'
import { MicrophoneError, type MicrophoneProblem } from '@/phone/types'
import { useObservable, useServices } from '@/session/context'
import { devicePreferences, setDevicePreferences } from '@/session/device-preferences'
import { meter } from './meter'
import classes from './SettingsPage.module.css'

const bars = Array.from({ length: 24 }, (_, i) => i)
/** Loudness from which somebody is taken to speak. */
const voice = 0.15
const systemDefault = ''

/** Shows that the microphone hears, and lets another be chosen. */
export function MicrophoneCheck() {
  const { t } = useTranslation()
  const preferred = useObservable(devicePreferences).microphone
  const [checking, setChecking] = useState(false)
  const [heard, setHeard] = useState(false)
  const [problem, setProblem] = useState<MicrophoneProblem>()
  const [devices, setDevices] = useState<readonly MediaDeviceInfo[]>([])
  const hint = checking ? (heard ? t('settings.heard') : t('settings.speak')) : t('settings.checkHint')

  return (
    <div className={classes['setting']}>
      <div className={classes['label']}>
        <span>{t('settings.microphone')}</span>
        <span className={classes['hint']}>{problem ? t(`microphone.${problem}.short`) : hint}</span>
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
          {checking ? (
            <LiveMeter
              key={preferred} // another microphone is another measurement
              onHeard={() => setHeard(true)}
              onDevices={setDevices}
              onProblem={(found) => {
                setProblem(found)
                setChecking(false)
              }}
            />
          ) : (
            <Meter level={0} />
          )}
        </div>
        {devices.length > 1 && (
          <Select
            size="xs"
            aria-label={t('settings.device')}
            data={[
              { value: systemDefault, label: t('settings.defaultDevice') },
              ...devices
                .filter((device) => device.deviceId !== 'default' && device.deviceId !== 'communications')
                .map((device, i) => ({
                  value: device.deviceId || `device-${i}`,
                  label: device.label || t('settings.unnamedDevice', { number: i + 1 }),
                })),
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

interface LiveMeterProps {
  onHeard: () => void
  onDevices: (devices: readonly MediaDeviceInfo[]) => void
  onProblem: (problem: MicrophoneProblem) => void
}

/** Opens the microphone and shows how loud it is, as long as it is on the screen. */
function LiveMeter({ onHeard, onDevices, onProblem }: LiveMeterProps) {
  const { microphone } = useServices()
  const [level, setLevel] = useState(0)
  const measured = useEffectEvent((value: number) => {
    setLevel(value)
    if (value > voice) onHeard()
  })
  const found = useEffectEvent(onDevices)
  const failed = useEffectEvent(onProblem)

  useEffect(() => {
    let stop: () => void = () => {}
    let left = false
    const open = async () => {
      try {
        const stream = await microphone.open()
        const end = meter(stream, measured)
        stop = () => {
          end()
          for (const track of stream.getTracks()) track.stop()
        }
        if (left) stop()
        // Names of devices are told only after the microphone was allowed.
        found((await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === 'audioinput'))
      } catch (error) {
        failed(error instanceof MicrophoneError ? error.problem : 'failed')
      }
    }
    void open()
    return () => {
      left = true
      stop()
    }
  }, [microphone])

  return <Meter level={level} />
}

function Meter({ level }: { level: number }) {
  const { t } = useTranslation()
  return (
    <div
      className={classes['meter']}
      role="meter"
      aria-label={t('settings.level')}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(level * 100)}
    >
      {bars.map((bar) => (
        <span key={bar} data-on={level * bars.length > bar || undefined} />
      ))}
    </div>
  )
}
