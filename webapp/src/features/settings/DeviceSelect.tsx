import { Select } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { resolve, systemDefault, type Device, type DeviceRole } from '@/phone/devices'
import { useObservable } from '@/session/context'
import { devicePreferences, setDevicePreferences } from '@/session/device-preferences'
import classes from './SettingsPage.module.css'

interface DeviceSelectProps {
  purpose: DeviceRole
  labelId: string
  devices: readonly Device[]
}

/** Which device serves a purpose. A chosen one that is not here now stays chosen and says so. */
export function DeviceSelect({ purpose, labelId, devices }: DeviceSelectProps) {
  const { t } = useTranslation()
  const choice = useObservable(devicePreferences)[purpose]
  const found = resolve(choice, devices)
  const away = choice.id !== '' && !found
  return (
    <Select
      className={classes['device']}
      size="xs"
      aria-labelledby={labelId}
      data={[
        { value: systemDefault.id, label: t('settings.defaultDevice') },
        ...devices.map(({ id, label }) => ({ value: id, label })),
        ...(away
          ? [{ value: choice.id, label: t('settings.deviceAway', { device: choice.label }), disabled: true }]
          : []),
      ]}
      value={found?.id ?? choice.id}
      onChange={(id) =>
        setDevicePreferences({ [purpose]: devices.find((device) => device.id === id) ?? systemDefault })
      }
      allowDeselect={false}
      comboboxProps={{ shadow: 'none' }}
    />
  )
}
