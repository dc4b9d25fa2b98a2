import { Button } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Headset as HeadsetIcon } from '@/components/icons'
import type { Headset } from '@/phone/headset'
import { useObservable } from '@/session/context'
import classes from './SettingsPage.module.css'

/** The buttons of a headset: browsers let a page ask for it only upon a click. Shown only where the browser can. */
export function HeadsetSetting({ headset }: { headset: Headset }) {
  const { t } = useTranslation()
  const name = useObservable(headset.name)
  const [failed, setFailed] = useState(false)
  const hint = failed
    ? t('settings.headsetFailed')
    : name === undefined
      ? t('settings.headsetHint')
      : t('settings.headsetUsed', { device: name })
  return (
    <div className={classes['setting']}>
      <div className={classes['label']}>
        <span>{t('settings.headset')}</span>
        <span className={classes['hint']} role="status">
          {hint}
        </span>
      </div>
      <div className={classes['control']}>
        <Button
          size="xs"
          variant="default"
          leftSection={<HeadsetIcon size={16} aria-hidden />}
          onClick={() => {
            setFailed(false)
            headset.choose().catch(() => setFailed(true))
          }}
        >
          {name === undefined ? t('settings.headsetConnect') : t('settings.headsetAnother')}
        </Button>
      </div>
    </div>
  )
}
