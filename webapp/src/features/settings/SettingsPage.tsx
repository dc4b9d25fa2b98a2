import { useMutation } from '@apollo/client/react'
import { SegmentedControl, useMantineColorScheme } from '@mantine/core'
import { useId, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { Back } from '@/components/icons'
import { SetPreferencesDocument, type SetPreferencesInput } from '@/gql/graphql'
import { changeLanguage } from '@/lib/i18n'
import { problemOf } from '@/lib/problem'
import { useViewer } from '@/session/context'
import { useProblemText } from '@/session/use-problem-text'
import { DevicesSection } from './DevicesSection'
import { LinkSetting } from './LinkSetting'
import { NotificationSetting } from './NotificationSetting'
import { PhonePlaceSetting } from './PhonePlaceSetting'
import classes from './SettingsPage.module.css'

/** Settings of the person (kept on the server) and of this computer (kept here). Everything takes effect at once. */
export function SettingsPage() {
  const { t } = useTranslation()
  const { preferences } = useViewer()
  const { setColorScheme } = useMantineColorScheme()
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

        <DevicesSection />
        <h2 className={classes['section']}>{t('settings.calls')}</h2>
        <PhonePlaceSetting />
        <NotificationSetting />
        <LinkSetting />
      </div>
    </main>
  )
}

function Setting({ label, children }: { label: string; children: (labelId: string) => ReactNode }) {
  const labelId = useId()
  return (
    <div className={classes['setting']}>
      <div className={classes['label']}>
        <span id={labelId}>{label}</span>
      </div>
      <div className={classes['control']}>{children(labelId)}</div>
    </div>
  )
}
