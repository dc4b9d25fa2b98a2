import { useApolloClient } from '@apollo/client/react'
import { Button, useMantineColorScheme } from '@mantine/core'
import { Suspense, useCallback, useEffect, useEffectEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { lazyPage } from '@/components/lazy-page'
import { Logo } from '@/components/Logo'
import { SignOutDocument, ViewerDocument, type ViewerFieldsFragment } from '@/gql/graphql'
import { changeLanguage, rememberedLanguage } from '@/lib/i18n'
import type { Observable } from '@/lib/observable'
import { problemOf } from '@/lib/problem'
import { askViewer, type Opening } from '@/session/opening'
import { isPhoneWindow } from '@/session/phone-window'
import type { Outside } from '@/session/services'
import classes from './Entrance.module.css'
import { PhoneClosed } from './PhoneClosed'
import { SignedIn } from './SignedIn'

// Who comes back within a shift never sees it.
const SignInPage = lazyPage(async () => (await import('@/features/signin/SignInPage')).SignInPage)

type Who =
  | { state: 'asking' | 'unreachable' }
  | { state: 'out'; ended: boolean }
  /** ended: the server no longer knows them, while they talk. */
  | { state: 'in'; operatorId: string; justNow: boolean; ended: boolean }

interface EntranceProps {
  /** Counts how often the server did not know who asked. */
  refusals: Observable<number>
  /** The answer to the first question who is here. */
  viewer: Opening['viewer']
  outside: Outside | undefined
}

/** Decides who is here: nobody yet, or an operator with everything that runs for them. */
export function Entrance({ refusals, viewer, outside }: EntranceProps) {
  const client = useApolloClient()
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true })
  const [who, setWho] = useState<Who>({ state: 'asking' })

  const enter = (viewer: ViewerFieldsFragment, justNow: boolean) => {
    const { operator, preferences } = viewer
    if (!operator) {
      setWho({ state: 'out', ended: false })
      return
    }
    client.writeQuery({ query: ViewerDocument, data: { viewer } })
    const { theme, language } = preferences
    setColorScheme(theme === 'light' || theme === 'dark' ? theme : 'auto')
    // A person without a preference keeps what they chose on the sign-in page.
    void changeLanguage(language === '' ? rememberedLanguage() : language)
    setWho({ state: 'in', operatorId: operator.id, justNow, ended: false })
  }

  const ask = async (asked = askViewer(client)) => {
    try {
      const { data } = await asked
      if (data) enter(data.viewer, false)
    } catch (error) {
      setWho(problemOf(error).code === 'UNAUTHENTICATED' ? { state: 'out', ended: false } : { state: 'unreachable' })
    }
  }

  const askOnce = useEffectEvent(ask)
  useEffect(() => {
    const timer = setTimeout(() => void askOnce(viewer))
    return () => clearTimeout(timer)
  }, [viewer])

  const leave = useCallback(
    (ended: boolean) => {
      setWho((before) => (before.state === 'out' ? before : { state: 'out', ended: ended && before.state === 'in' }))
      void client.clearStore()
    },
    [client],
  )

  const forgotten = useCallback(() => {
    setWho((before) => (before.state === 'in' ? { ...before, ended: true } : { state: 'out', ended: false }))
  }, [])

  useEffect(() => refusals.subscribe(forgotten), [refusals, forgotten])

  const signOut = useCallback(
    async (windowId: string) => {
      const variables = { input: { clientId: windowId } }
      await client.mutate({ mutation: SignOutDocument, variables, fetchPolicy: 'no-cache' }).finally(() => leave(false))
    },
    [client, leave],
  )

  switch (who.state) {
    case 'asking':
      return <Splash />
    case 'unreachable':
      return <Splash onRetry={() => void ask()} />
    case 'out':
      if (isPhoneWindow()) return <PhoneClosed />
      return (
        <Suspense fallback={<Splash />}>
          <SignInPage because={who.ended ? 'ended' : undefined} onSignedIn={(viewer) => enter(viewer, true)} />
        </Suspense>
      )
    case 'in':
      return (
        <SignedIn
          key={who.operatorId}
          operatorId={who.operatorId}
          justNow={who.justNow}
          outside={outside}
          ended={
            who.ended ? (
              <Suspense fallback={<Splash />}>
                <SignInPage because="talking" onSignedIn={(viewer) => enter(viewer, true)} />
              </Suspense>
            ) : undefined
          }
          onSignedOut={forgotten}
          onLeft={() => leave(true)}
          onSignOut={signOut}
        />
      )
  }
}

/** What is shown before anything is known; and when the server does not answer. */
function Splash({ onRetry }: { onRetry?: () => void }) {
  const { t } = useTranslation()
  // A server that restarts is back within seconds: ask again without being told to.
  useEffect(() => {
    if (!onRetry) return
    const timer = setInterval(onRetry, 3000)
    return () => clearInterval(timer)
  })
  return (
    <main className={classes['splash']} aria-busy={onRetry === undefined || undefined}>
      <Logo size={48} />
      <h1 className="hidden">Pult</h1>
      {onRetry && (
        <>
          <p>{t('entrance.unreachable')}</p>
          <Button variant="default" onClick={onRetry}>
            {t('retry')}
          </Button>
        </>
      )}
    </main>
  )
}
