import { SegmentedControl } from '@mantine/core'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import { useObservable } from '@/session/context'
import { devicePreferences, setDevicePreferences } from '@/session/device-preferences'
import classes from './SettingsPage.module.css'

/** Whether the phone of this computer has a window of its own. */
export function PhonePlaceSetting() {
  const { t } = useTranslation()
  const labelId = useId()
  const { phoneWindow } = useObservable(devicePreferences)
  return (
    <div className={classes['setting']}>
      <div className={classes['label']}>
        <span id={labelId}>{t('settings.phonePlace')}</span>
        <span className={classes['hint']}>{t('settings.phonePlaceHint')}</span>
      </div>
      <div className={classes['control']}>
        <SegmentedControl
          aria-labelledby={labelId}
          value={phoneWindow ? 'window' : 'page'}
          onChange={(place) => setDevicePreferences({ phoneWindow: place === 'window' })}
          data={[
            { value: 'window', label: t('settings.ownWindow') },
            { value: 'page', label: t('settings.inPage') },
          ]}
        />
      </div>
    </div>
  )
}
