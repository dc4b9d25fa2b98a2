import { useQuery } from '@apollo/client/react'
import { createContext, use, useCallback, useMemo, useRef, useSyncExternalStore } from 'react'
import { arrange, type MyCall } from '@/feed/model'
import type { FeedPhase } from '@/feed/feed'
import { ViewerDocument, type OperatorFieldsFragment, type ViewerFieldsFragment } from '@/gql/graphql'
import type { Observable } from '@/lib/observable'
import { mirror } from '@/phone/share'
import { aboutCall, deskView, phoneView, sameView, type PhoneView } from '@/phone/view'
import type { CommandState } from './commands'
import type { Services } from './services'

const ServicesContext = createContext<Services | undefined>(undefined)

/** Gives the services of a signed-in page to everything below. */
export const ServicesProvider = ServicesContext.Provider

export function useServices(): Services {
  const services = use(ServicesContext)
  if (!services) throw new Error('useServices outside of ServicesProvider')
  return services
}

/** Re-renders on every change of an observable. */
export function useObservable<T>(observable: Observable<T>): T {
  return useSyncExternalStore(observable.subscribe, observable.get)
}

/** My calls in order of arrival. */
export function useMyCalls(): readonly MyCall[] {
  return useObservable(useServices().feed.calls)
}

/** The call that the screen is about, and the others. */
export function useArrangedCalls(): { current: MyCall | undefined; others: readonly MyCall[] } {
  const calls = useMyCalls()
  return useMemo(() => arrange(calls), [calls])
}

export function useFeedPhase(): FeedPhase {
  return useObservable(useServices().feed.phase)
}

export function useCommandState(): CommandState {
  return useObservable(useServices().commands.state)
}

/** The phone as the page shows it; given a call, what it says of a voice is about that call. */
export function usePhone(callId?: string): PhoneView {
  const { phone, share } = useServices()
  const last = useRef<PhoneView>(undefined)
  const subscribe = useCallback(
    (changed: () => void) => {
      const subscription = phone.subscribe(changed)
      const stop = share.remote.subscribe(changed)
      return () => {
        subscription.unsubscribe()
        stop()
      }
    },
    [phone, share],
  )
  const get = useCallback(() => {
    const view = mirror(phoneView(phone.getSnapshot()), share.remote.get())
    if (!last.current || !sameView(last.current, view)) last.current = view
    return last.current
  }, [phone, share])
  const view = useSyncExternalStore(subscribe, get)
  const { device, phoneOnline } = useMe()
  return useMemo(() => {
    // A conversation that began in this page is still here when the device changes.
    if (device === 'DESK' && view.line === 'off') return deskView(phoneOnline)
    return callId === undefined ? view : aboutCall(view, callId)
  }, [callId, device, phoneOnline, view])
}

/** The viewer; present on every page below the sign-in. */
export function useViewer(): ViewerFieldsFragment {
  const { data } = useQuery(ViewerDocument, { fetchPolicy: 'cache-first' })
  if (!data) throw new Error('useViewer before the viewer is known')
  return data.viewer
}

/** The signed-in operator, kept current by the feed. */
export function useMe(): OperatorFieldsFragment {
  const { operator } = useViewer()
  if (!operator) throw new Error('useMe while signed out')
  return operator
}

const second = 1000

/** The server's time in milliseconds, anew every second. Use it in the smallest component that shows it. */
export function useNow(): number {
  const { clock } = useServices()
  const subscribe = useCallback((changed: () => void) => {
    const timer = setInterval(changed, second / 4)
    return () => clearInterval(timer)
  }, [])
  const get = useCallback(() => Math.floor(clock.now() / second) * second, [clock])
  return useSyncExternalStore(subscribe, get)
}
