import { Button } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import classes from './SettingsPage.module.css'

/** Telephone numbers on other pages: the browser hands tel: links to this page when the person agrees, which it asks itself. */
export function LinkSetting() {
  const { t } = useTranslation()
  const [state, setState] = useState<'linkHint' | 'linkAsked' | 'linkRefused'>('linkHint')
  const address = `${window.location.origin}/call?number=`
  const offer = () => {
    try {
      navigator.registerProtocolHandler('tel', `${address}%s`)
      setState('linkAsked')
    } catch {
      setState('linkRefused') // a page that is not from a secure origin, or a policy
    }
  }
  return (
    <div className={classes['setting']}>
      <div className={classes['label']}>
        <span>{t('settings.links')}</span>
        <span className={classes['hint']} role={state === 'linkHint' ? undefined : 'status'}>
          {t(`settings.${state}`)}
        </span>
        <span className={classes['hint']}>{t('settings.linkAddress', { address })}</span>
      </div>
      <div className={classes['control']}>
        {'registerProtocolHandler' in navigator && (
          <Button size="xs" variant="default" onClick={offer}>
            {t('settings.linkOffer')}
          </Button>
        )}
      </div>
    </div>
  )
}
