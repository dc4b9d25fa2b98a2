import { Anchor } from '@mantine/core'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import classes from './Entrance.module.css'

/** The phone's window after the operator has signed out: it closes, where the browser lets it. */
export function PhoneClosed() {
  const { t } = useTranslation()
  useEffect(() => window.close(), [])
  return (
    <main className={classes['splash']}>
      <h1 className="hidden">{t('phoneWindow.title')}</h1>
      <p>{t('phoneWindow.signedOut')}</p>
      <Anchor href="/">{t('phoneWindow.workspace')}</Anchor>
    </main>
  )
}
