import { Button } from '@mantine/core'
import { useEffect, useEffectEvent, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { MicrophoneOn } from '@/components/icons'
import { LevelMeter } from '@/components/LevelMeter'
import { meter } from '@/lib/meter'
import { MicrophoneError, type MicrophoneProblem } from '@/phone/types'
import { useObservable, useServices } from '@/session/context'
import { DeviceSelect } from './DeviceSelect'
import classes from './SettingsPage.module.css'

/** Loudness from which somebody is taken to speak. */
const voice = 0.15

/** Shows that the microphone hears, and lets another be chosen. */
export function MicrophoneCheck() {
  const { t } = useTranslation()
  const { devices } = useServices()
  const { microphones, used } = useObservable(devices.state)
  const labelId = useId()
  const [checking, setChecking] = useState(false)
  const [heard, setHeard] = useState(false)
  const [problem, setProblem] = useState<MicrophoneProblem>()
  const hint = checking ? (heard ? t('settings.heard') : t('settings.speak')) : t('settings.checkHint')

  return (
    <div className={classes['setting']}>
      <div className={classes['label']}>
        <span id={labelId}>{t('settings.microphone')}</span>
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
              key={used.microphone} // another microphone is another measurement
              onHeard={() => setHeard(true)}
              onProblem={(found) => {
                setProblem(found)
                setChecking(false)
              }}
            />
          ) : (
            <LevelMeter level={0} label={t('settings.level')} />
          )}
        </div>
        <DeviceSelect purpose="microphone" labelId={labelId} devices={microphones} />
      </div>
    </div>
  )
}

interface LiveMeterProps {
  onHeard: () => void
  onProblem: (problem: MicrophoneProblem) => void
}

/** Opens the microphone and shows how loud it is, as long as it is on the screen. */
function LiveMeter({ onHeard, onProblem }: LiveMeterProps) {
  const { t } = useTranslation()
  const { microphone, devices } = useServices()
  const [level, setLevel] = useState(0)
  const measured = useEffectEvent((value: number) => {
    setLevel(value)
    if (value > voice) onHeard()
  })
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
        await devices.refresh()
      } catch (error) {
        failed(error instanceof MicrophoneError ? error.problem : 'failed')
      }
    }
    void open()
    return () => {
      left = true
      stop()
    }
  }, [microphone, devices])

  return <LevelMeter level={level} label={t('settings.level')} />
}
