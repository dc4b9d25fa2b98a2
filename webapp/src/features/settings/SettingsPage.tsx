import { useMutation } from '@apollo/client/react'
import { Button, SegmentedControl, Slider, useMantineColorScheme } from '@mantine/core'
import { useId, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { Back, Sound } from '@/components/icons'
import { SetPreferencesDocument, type SetPreferencesInput } from '@/gql/graphql'
import { changeLanguage } from '@/lib/i18n'
import { problemOf } from '@/lib/problem'
import { useObservable, useServices, useViewer } from '@/session/context'
import { devicePreferences, setDevicePreferences } from '@/session/device-preferences'
import { useProblemText } from '@/session/use-problem-text'
import { MicrophoneCheck } from './MicrophoneCheck'
import { NotificationSetting } from './NotificationSetting'
import classes from './SettingsPage.module.css'

/** Settings of the person (kept on the server) and of this computer (kept here). Everything takes effect at once. */
export function SettingsPage() {
  const { t } = useTranslation()
  const { preferences } = useViewer()
  const { ringer } = useServices()
  const { setColorScheme } = useMantineColorScheme()
  const { volume } = useObservable(devicePreferences)
  const problemText = useProblemText()
  const [save, { error }] = useMutation(SetPreferencesDocument)

  const keep = (input: SetPreferencesInput) => {
    // The refusal is shown below; the page itself has changed already.
    save({ variables: { input } }).catch(() => {})
  }

  return (
    <main className={classes['page']}>
      <div className={classes['inside']}>
        <Link to="/" className={classes['back']}>
          <Back size={16} aria-hidden />
          {t('settings.back')}
        </Link>
        <h1 className={classes['title']}>{t('settings.title')}</h1>
        {error && (
          <p className={classes['problem']} role="alert">
            {t('settings.notSaved')} {problemText(problemOf(error))}
          </p>
        )}

        <h2 className={classes['section']}>{t('settings.appearance')}</h2>
        <Setting label={t('settings.language')}>
          {(labelId) => (
            <SegmentedControl
              aria-labelledby={labelId}
              value={preferences.language}
              onChange={(language) => {
                void changeLanguage(language)
                keep({ language })
              }}
              data={[
                { value: '', label: t('settings.asBrowser') },
                { value: 'ru', label: 'Русский' },
                { value: 'en', label: 'English' },
              ]}
            />
          )}
        </Setting>
        <Setting label={t('settings.theme')}>
          {(labelId) => (
            <SegmentedControl
              aria-labelledby={labelId}
              value={preferences.theme || 'auto'}
              onChange={(theme) => {
                if (theme === 'light' || theme === 'dark' || theme === 'auto') setColorScheme(theme)
                keep({ theme })
              }}
              data={[
                { value: 'auto', label: t('settings.auto') },
                { value: 'light', label: t('settings.light') },
                { value: 'dark', label: t('settings.dark') },
              ]}
            />
          )}
        </Setting>

        <h2 className={classes['section']}>{t('settings.sound')}</h2>
        <p className={classes['hint']}>{t('settings.thisComputer')}</p>
        <Setting label={t('settings.volume')} hint={volume === 0 ? t('settings.silent') : undefined}>
          {(labelId) => (
            <div className={classes['volume']}>
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
              <Button
                size="xs"
                variant="default"
                leftSection={<Sound size={16} aria-hidden />}
                onClick={() => {
                  ringer.unlock()
                  ringer.sample()
                }}
              >
                {t('settings.listen')}
              </Button>
            </div>
          )}
        </Setting>
        <NotificationSetting />
        <MicrophoneCheck />
      </div>
    </main>
  )
}

function Setting({
  label,
  hint,
  children,
}: {
  label: string
  hint?: string | undefined
  children: (labelId: string) => ReactNode
}) {
  const labelId = useId()
  return (
    <div className={classes['setting']}>
      <div className={classes['label']}>
        <span id={labelId}>{label}</span>
        {hint !== undefined && <span className={classes['hint']}>{hint}</span>}
      </div>
      <div className={classes['control']}>{children(labelId)}</div>
    </div>
  )
}
