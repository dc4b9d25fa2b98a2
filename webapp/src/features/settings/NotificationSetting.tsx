import { Button } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import classes from './SettingsPage.module.css'

/** Desktop notifications of calls: browsers let a page ask only upon a click. */
export function NotificationSetting() {
  const { t } = useTranslation()
  const [permission, setPermission] = useState(() => ('Notification' in window ? Notification.permission : 'denied'))
  return (
    <div className={classes['setting']}>
      <div className={classes['label']}>
        <span>{t('settings.notifications')}</span>
        <span className={classes['hint']}>{t(`settings.notification.${permission}`)}</span>
      </div>
      <div className={classes['control']}>
        {permission === 'default' && (
          <Button
            size="xs"
            variant="default"
            onClick={() => {
              void Notification.requestPermission().then(setPermission)
            }}
          >
            {t('settings.allow')}
          </Button>
        )}
      </div>
    </div>
  )
}
