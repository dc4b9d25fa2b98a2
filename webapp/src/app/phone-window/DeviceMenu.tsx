import { ActionIcon, Popover } from '@mantine/core'
import { useId, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Headset } from '@/components/icons'
import { DeviceSelect } from '@/features/settings/DeviceSelect'
import { useObservable, useServices } from '@/session/context'
import classes from './PhoneWindow.module.css'

/** By which devices one speaks, hears and is called. */
export function DeviceMenu() {
  const { t } = useTranslation()
  const { devices } = useServices()
  const { microphones, outputs } = useObservable(devices.state)
  return (
    <Popover position="bottom-end" width={272} trapFocus>
      <Popover.Target>
        <ActionIcon variant="default" size="lg" aria-label={t('settings.devices')} title={t('settings.devices')}>
          <Headset size={18} aria-hidden />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown aria-label={t('settings.devices')}>
        <div className={classes['devices']}>
          <Role label={t('settings.microphone')}>
            {(labelId) => <DeviceSelect purpose="microphone" labelId={labelId} devices={microphones} />}
          </Role>
          {devices.chooses.speaker && (
            <Role label={t('settings.speaker')}>
              {(labelId) => <DeviceSelect purpose="speaker" labelId={labelId} devices={outputs} />}
            </Role>
          )}
          {devices.chooses.ringer && (
            <Role label={t('settings.ringer')}>
              {(labelId) => <DeviceSelect purpose="ringer" labelId={labelId} devices={outputs} />}
            </Role>
          )}
        </div>
      </Popover.Dropdown>
    </Popover>
  )
}

function Role({ label, children }: { label: string; children: (labelId: string) => ReactNode }) {
  const labelId = useId()
  return (
    <div>
      <span id={labelId} className={classes['role']}>
        {label}
      </span>
      {children(labelId)}
    </div>
  )
}
