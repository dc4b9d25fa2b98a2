import { useApolloClient } from '@apollo/client/react'
import { lazy, Suspense, useEffect, useEffectEvent, useState, type ReactNode } from 'react'
import { Redirect, Route, Switch } from 'wouter'
import { lazyPage } from '@/components/lazy-page'
import { ViewerDocument } from '@/gql/graphql'
import { Clock } from '@/lib/clock'
import { isSpeaking } from '@/phone/view'
import { ServicesProvider } from '@/session/context'
import { administersAs, supervisesAs } from '@/session/roles'
import { makeServices, phoneStarted, startServices, type Outside, type Services } from '@/session/services'
import { phonePath } from '@/session/phone-window'
import { Layout } from './Layout'
import { RemoteAudio } from './RemoteAudio'
import { Workspace } from './Workspace'

// Loaded when they are wanted: the workspace has a budget.
const PhoneWindow = lazy(async () => ({ default: (await import('./phone-window/PhoneWindow')).PhoneWindow }))
const SettingsPage = lazyPage(async () => (await import('@/features/settings/SettingsPage')).SettingsPage)
const ClickPage = lazyPage(async () => (await import('@/features/click/ClickPage')).ClickPage)
const CheckPage = lazyPage(async () => (await import('@/features/check/CheckPage')).CheckPage)
const LinksDesk = lazyPage(async () => (await import('./LinksDesk')).LinksDesk)
const ReadinessPage = lazyPage(async () => (await import('@/features/readiness/ReadinessPage')).ReadinessPage)
const ConnectorsPage = lazyPage(async () => (await import('@/features/connectors/ConnectorsPage')).ConnectorsPage)
const OutboxPage = lazyPage(async () => (await import('@/features/outbox/OutboxPage')).OutboxPage)

interface SignedInProps {
  operatorId: string
  /** The operator has just signed in, in this page. */
  justNow: boolean
  outside: Outside | undefined
  /** The server no longer knows us. Who talks goes on talking, and is asked to sign in again meanwhile: by this. */
  ended: ReactNode | undefined
  onSignedOut: () => void
  /** It is over here: the operator has left in another page, or nobody talks any more whom the server does not know. */
  onLeft: () => void
  /** The operator wants to leave. */
  onSignOut: (windowId: string) => Promise<void>
}

/** Everything behind the sign-in; feed and phone live as long as it does. */
export function SignedIn(props: SignedInProps) {
  const { operatorId, justNow, outside, ended, onSignedOut, onLeft, onSignOut } = props
  const client = useApolloClient()
  const [services, setServices] = useState<Services>()

  useEffect(() => {
    let stop: (() => void) | undefined
    let left = false
    void (async () => {
      await Promise.resolve() // React's strict mode takes an effect back at once, and there is one phone
      if (left) return
      const clock = new Clock()
      const viewer = client.readQuery({ query: ViewerDocument })
      if (viewer) clock.learn(viewer.viewer.now)
      const made = makeServices({ client, operatorId, clock, justNow, onSignedOut, onLeft, outside })
      stop = startServices(made)
      await phoneStarted(made)
      if (!left) setServices(made)
    })()
    return () => {
      left = true
      stop?.()
      setServices(undefined)
    }
    // onSignedOut and onLeft only change with the client; justNow is of the moment of signing in.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [client, operatorId])

  const isEnded = ended !== undefined
  const left = useEffectEvent(onLeft)
  useEffect(() => {
    if (!isEnded) return
    const phone = services?.phone
    const look = () => {
      if (!phone || !isSpeaking(phone.getSnapshot())) left()
    }
    look()
    const subscription = phone?.subscribe(look)
    return () => {
      subscription?.unsubscribe()
      services?.feed.nudge() // signed in again
    }
  }, [isEnded, services])

  if (!services) return null
  if (isEnded)
    return (
      <ServicesProvider value={services}>
        {ended}
        <RemoteAudio />
      </ServicesProvider>
    )
  const signOut = async () => {
    services.share.tellSignedOut()
    await onSignOut(services.windowId)
  }
  const roles = client.readQuery({ query: ViewerDocument })?.viewer.roles ?? []
  return (
    <ServicesProvider value={services}>
      <Switch>
        <Route path={`${phonePath}/*?`}>
          <Suspense fallback={<main aria-busy />}>
            <PhoneWindow />
          </Suspense>
        </Route>
        <Route>
          <Layout onSignOut={signOut}>
            <Switch>
              <Route path="/">
                <Workspace />
              </Route>
              <Route path="/settings">
                <Suspense fallback={<main aria-busy />}>
                  <SettingsPage />
                </Suspense>
              </Route>
              <Route path="/call">
                <Suspense fallback={<main aria-busy />}>
                  <ClickPage />
                </Suspense>
              </Route>
              <Route path="/check">
                <Suspense fallback={<main aria-busy />}>
                  <CheckPage />
                </Suspense>
              </Route>
              {supervisesAs(roles) && (
                <Route path="/readiness">
                  <Suspense fallback={<main aria-busy />}>
                    <ReadinessPage />
                  </Suspense>
                </Route>
              )}
              {supervisesAs(roles) && (
                <Route path="/links">
                  <Suspense fallback={<main aria-busy />}>
                    <LinksDesk />
                  </Suspense>
                </Route>
              )}
              {administersAs(roles) && (
                <Route path="/connectors/*?">
                  <Suspense fallback={<main aria-busy />}>
                    <ConnectorsPage />
                  </Suspense>
                </Route>
              )}
              {administersAs(roles) && (
                <Route path="/outbox">
                  <Suspense fallback={<main aria-busy />}>
                    <OutboxPage />
                  </Suspense>
                </Route>
              )}
              <Route>
                <Redirect to="/" replace />
              </Route>
            </Switch>
          </Layout>
        </Route>
      </Switch>
    </ServicesProvider>
  )
}
