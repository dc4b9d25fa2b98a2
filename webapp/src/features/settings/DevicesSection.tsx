import { Button, Slider } from '@mantine/core'
import { useId, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Sound } from '@/components/icons'
import { playTestTone } from '@/phone/sink'
import { useObservable, useServices } from '@/session/context'
import { devicePreferences, setDevicePreferences } from '@/session/device-preferences'
import { DeviceSelect } from './DeviceSelect'
import { HeadsetSetting } from './HeadsetSetting'
import { MicrophoneCheck } from './MicrophoneCheck'
import classes from './SettingsPage.module.css'

/** Microphone, speaker and ringer of this computer, each chosen and tried by itself. */
export function DevicesSection() {
  const { t } = useTranslation()
  const { devices, ringer, headset } = useServices()
  const { microphones, outputs, permission } = useObservable(devices.state)
  const { volume } = useObservable(devicePreferences)
  const nameless = permission !== 'granted' && microphones.length === 0 && outputs.length === 0

  return (
    <>
      <h2 className={classes['section']}>{t('settings.devices')}</h2>
      <p className={classes['hint']}>
        {t('settings.thisComputer')} {nameless && t('settings.devicesUnknown')}
      </p>
      <MicrophoneCheck />
      <Role
        label={t('settings.speaker')}
        hint={devices.chooses.speaker ? t('settings.speakerHint') : t('settings.outputFixed')}
      >
        {(labelId) => (
          <>
            {devices.chooses.speaker && <DeviceSelect purpose="speaker" labelId={labelId} devices={outputs} />}
            <Tone name={t('settings.testSpeaker')} play={async () => playTestTone(devices.state.get().used.speaker)} />
          </>
        )}
      </Role>
      <Role
        label={t('settings.ringer')}
        hint={devices.chooses.ringer ? t('settings.ringerHint') : t('settings.outputFixed')}
      >
        {(labelId) => (
          <>
            {devices.chooses.ringer && <DeviceSelect purpose="ringer" labelId={labelId} devices={outputs} />}
            <Tone
              name={t('settings.testRinger')}
              play={async () => {
                ringer.unlock()
                ringer.sample()
              }}
            />
          </>
        )}
      </Role>
      <Role label={t('settings.volume')} hint={volume === 0 ? t('settings.silent') : undefined}>
        {(labelId) => (
          <Slider
            className={classes['slider']}
            thumbProps={{ 'aria-labelledby': labelId }}
            min={0}
            max={100}
            step={5}
            label={(value) => `${value} %`}
            value={Math.round(volume * 100)}
            onChange={(value) => setDevicePreferences({ volume: value / 100 })}
          />
        )}
      </Role>
      {headset && <HeadsetSetting headset={headset} />}
    </>
  )
}

/** Plays a tone; a device that refuses it is told by name. */
function Tone({ name, play }: { name: string; play: () => Promise<void> }) {
  const { t } = useTranslation()
  const [failed, setFailed] = useState(false)
  return (
    <>
      <Button
        size="xs"
        variant="default"
        aria-label={name}
        leftSection={<Sound size={16} aria-hidden />}
        onClick={() => {
          setFailed(false)
          play().catch(() => setFailed(true))
        }}
      >
        {t('settings.listen')}
      </Button>
      {failed && (
        <span className={classes['hint']} role="alert">
          {t('settings.noTone')}
        </span>
      )}
    </>
  )
}

function Role(props: { label: string; hint?: string | undefined; children: (labelId: string) => ReactNode }) {
  const { label, hint, children } = props
  const labelId = useId()
  return (
    <div className={classes['setting']}>
      <div className={classes['label']}>
        <span id={labelId}>{label}</span>
        {hint !== undefined && <span className={classes['hint']}>{hint}</span>}
      </div>
      <div className={classes['check']}>{children(labelId)}</div>
    </div>
  )
}
