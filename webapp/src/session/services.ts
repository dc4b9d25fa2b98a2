import type { ApolloClient } from '@apollo/client'
import { createActor, waitFor } from 'xstate'
import { Feed } from '@/feed/feed'
import { isDialled, isMuted, stageOf } from '@/feed/model'
import { SocketSource } from '@/feed/socket'
import type { FeedSource } from '@/feed/source'
import { StartPhoneDocument, ViewerDocument, ViewerSettingsDocument } from '@/gql/graphql'
import { endpoint } from '@/lib/apollo'
import { Clock } from '@/lib/clock'
import { problemOf } from '@/lib/problem'
import { clockOf, pageTimers } from '@/lib/timers'
import { localStore, tabStore } from '@/lib/storage'
import { withAutoTone } from '@/phone/auto-tone'
import { clientId } from '@/phone/client-id'
import { lazyUa } from '@/phone/lazy-ua'
import { phoneMachine, type PhoneActor, type PhoneParts } from '@/phone/machine'
import { browserMedia, Devices, type MediaApi } from '@/phone/devices'
import type { ProbeParts } from '@/phone/probes'
import { browserHid, type Headset, type Hid } from '@/phone/headset'
import { makeMicrophone } from '@/phone/microphone'
import { makeOwnership } from '@/phone/ownership'
import type { QualityMonitor } from '@/phone/quality-monitor'
import { Ringer } from '@/phone/ringer'
import { mirror, PhoneShare, type Channel, type CheckCommand, type PhoneCommand, type Place } from '@/phone/share'
import { PhoneElsewhereError, type Credentials, type Microphone, type Ownership } from '@/phone/types'
import { phoneView } from '@/phone/view'
import { windowFirst, windowOwnership } from '@/phone/window-first'
import { beat } from './beat'
import { makeChecks, type Checks } from './checks'
import { Commands } from './commands'
import { devicePreferences, followOtherPages } from './device-preferences'
import { followDevice } from './follow-device'
import { followDevices } from './follow-devices'
import { makeHeadset } from './follow-headset'
import { isPhoneWindow, openPhoneWindow, readTakeMark } from './phone-window'
import { supervisesAs } from './roles'
import { makeQualityMonitor } from './quality'
import { sharePhone } from './share-phone'

/** What a signed-in page lives on. Made once per sign-in. */
export interface Services {
  readonly client: ApolloClient
  readonly operatorId: string
  readonly clock: Clock
  readonly source: FeedSource
  readonly feed: Feed
  readonly phone: PhoneActor
  readonly commands: Commands
  readonly ringer: Ringer
  readonly microphone: Microphone
  readonly devices: Devices
  /** The check of the phone before the first call. */
  readonly checks: Checks
  /** The headset's buttons; undefined where the browser knows none. */
  readonly headset: Headset | undefined
  /** Lets the headset command the call until the returned function is called. */
  readonly followHeadset: (() => () => void) | undefined
  /** Names this window to the server. */
  readonly windowId: string
  /** How the present call sounds. */
  readonly quality: QualityMonitor
  /** Whether this is the phone's own window. */
  readonly place: Place
  readonly share: PhoneShare
  /** Opens the phone's own window and tells whether the browser let it; undefined where there can be none. */
  readonly openPhone: ((take: boolean) => boolean) | undefined
  /** A person has asked for the phone here: by signing in, or by opening its window. */
  readonly wanted: boolean
  /** The operator has signed out in another page. */
  readonly onLeft: () => void
}

/** What reaches out of the page; tests give their own. */
export interface Outside {
  readonly source?: FeedSource
  readonly phone?: PhoneParts
  readonly media?: MediaApi
  readonly hid?: Hid
  /** Ticks every second. */
  readonly ticker?: (tick: () => void) => () => void
  readonly channel?: Channel
  readonly openPhone?: (take: boolean) => boolean
  /** Replaces what the check of the phone needs a browser for. */
  readonly probes?: (parts: ProbeParts) => ProbeParts
}

interface ServicesOptions {
  client: ApolloClient
  operatorId: string
  clock: Clock
  /** The operator has just signed in, in this page. */
  justNow: boolean
  /** The server no longer knows us. */
  onSignedOut: () => void
  /** The operator has signed out in another page. */
  onLeft: () => void
  outside?: Outside | undefined
}

/** Builds the services; nothing runs before startServices. */
export function makeServices(options: ServicesOptions): Services {
  const { client, operatorId, clock, justNow, onSignedOut, onLeft, outside = {} } = options
  const place = isPhoneWindow() ? 'window' : 'page'
  const openPhone = outside.phone ? outside.openPhone : openPhoneWindow
  const source = outside.source ?? new SocketSource(socketUrl(), pageTimers)
  const media = outside.media ?? browserMedia()
  const devices = new Devices(media, devicePreferences.get)
  const microphone = outside.phone?.microphone ?? makeMicrophone(() => devices.state.get().used.microphone)
  // Without Web Locks (a page that is not from a secure origin) tabs know nothing of each other, and the server decides among them.
  const windowId = clientId('locks' in navigator ? localStore : tabStore)
  const made = outside.phone ?? makeParts(client, operatorId, windowId, place, justNow, microphone)
  const scope = supervisesAs(client.readQuery({ query: ViewerDocument })?.viewer.roles ?? []) ? 'ALL' : 'QUEUES'
  const feed = new Feed({ source, cache: client.cache, clock, timers: pageTimers, operatorId, scope, onSignedOut })
  const ringer = new Ringer(
    () => devicePreferences.get().volume,
    () => devices.state.get().used.ringer,
    pageTimers,
  )
  const ua = withAutoTone(made.ua, {
    // Whoever dialled, or asked for the answer, expects the voice.
    warns: (callId) => {
      const call = feed.calls.get().find(({ id }) => id === callId)
      return call === undefined || !(isDialled(call) || call.answerRequested)
    },
    play: () => ringer.play('auto'),
    timers: pageTimers,
  })
  const phone = createActor(phoneMachine, { input: { ...made, ua }, clock: clockOf(pageTimers) })
  const commands = new Commands(client, feed, phone)
  const hid = outside.hid ?? browserHid()
  const buttons = hid && makeHeadset(hid, { feed, phone, commands })
  return {
    client,
    operatorId,
    clock,
    source,
    feed,
    phone,
    commands,
    ringer,
    microphone,
    devices,
    checks: makeChecks({ client, phone, ua, microphone, devices, media, replace: outside.probes }),
    headset: buttons?.headset,
    followHeadset: buttons?.follow,
    windowId,
    quality: makeQualityMonitor({ client, feed, phone, ua, clock, ticker: outside.ticker }),
    place,
    share: new PhoneShare(place, outside.channel ?? channelOf(operatorId)),
    openPhone: place === 'page' ? openPhone : undefined,
    wanted: place === 'window' ? readTakeMark() || justNow : justNow,
    onLeft,
  }
}

function makeParts(
  client: ApolloClient,
  operatorId: string,
  windowId: string,
  place: Place,
  fresh: boolean,
  microphone: Microphone,
): PhoneParts {
  const ua = lazyUa(async () => (await import('@/phone/ua')).makeUa(pageTimers))
  return {
    ua,
    microphone,
    ownership: ownershipOf(place, operatorId, fresh),
    startPhone: async (take) => {
      const answer = startPhone(client, windowId, take)
      ua.load() // while the server answers
      return answer
    },
  }
}

function ownershipOf(place: Place, operatorId: string, fresh: boolean): Ownership {
  const inner = makeOwnership(`pult-phone-${operatorId}`)
  if (place === 'window') return windowOwnership(inner)
  return windowFirst({
    inner,
    timers: pageTimers,
    wanted: () => devicePreferences.get().phoneWindow,
    // What the person has wished by signing in, the window is to do for them.
    open: () => {
      const take = fresh
      fresh = false
      return openPhoneWindow(take)
    },
    fresh,
  })
}

function channelOf(operatorId: string): Channel | undefined {
  return typeof BroadcastChannel === 'function' ? new BroadcastChannel(`pult-phone-${operatorId}`) : undefined
}

/** Does something to the phone where it is: here, or in its own window, which this page commands. */
export function commandPhone(
  { phone, share }: Pick<Services, 'phone' | 'share'>,
  command: Exclude<PhoneCommand, CheckCommand>,
): void {
  const own = phoneView(phone.getSnapshot())
  if (mirror(own, share.remote.get()).at === 'window') share.command(command)
  else phone.send({ type: command })
}

/** How long the picture waits for the phone, milliseconds: until it is known to be here, and then until it is registered. */
const headStart = { claim: 20, registration: 300 }

/**
 * Resolves when the phone is registered, or cannot be soon. That is a handful of short answers to the network, each of which would wait
 * until the page is drawn; and the page is drawn as soon after them.
 */
export async function phoneStarted({ phone }: Services): Promise<void> {
  try {
    await waitFor(phone, (snapshot) => !snapshot.matches({ line: { claimed: 'claiming' } }), {
      timeout: headStart.claim,
    })
    await waitFor(phone, (snapshot) => phoneView(snapshot).line !== 'starting', { timeout: headStart.registration })
  } catch {
    // The picture comes first, then.
  }
}

/** Starts feed and phone and ties them together; the returned function ends both. A page that merely opens again leaves the phone where it is. */
export function startServices(services: Services): () => void {
  const {
    source,
    feed,
    phone,
    client,
    windowId,
    microphone,
    devices,
    ringer,
    followHeadset,
    share,
    place,
    quality,
    checks,
  } = services
  const tellCalls = () => {
    const calls = feed.calls.get().map((call) => {
      const stage = stageOf(call)
      return {
        id: call.id,
        over: stage === 'wrapUp' || stage === 'over',
        answerRequested: call.answerRequested && stage === 'offer',
        muted: isMuted(call),
      }
    })
    phone.send({ type: 'CALLS', calls })
  }
  // The network is back, or the person, perhaps after a sleep that froze the page: no timer is waited for.
  const probe = () => {
    feed.nudge()
    phone.send({ type: 'PROBE' })
  }
  const shown = () => {
    if (document.visibilityState === 'visible') probe()
  }
  // The feed goes the same way as the phone: what the phone has lost, the feed need not find out by itself.
  let line = ''
  const lines = phone.subscribe((snapshot) => {
    const before = line
    line = phoneView(snapshot).line
    if (before === 'ready' && line === 'reconnecting') feed.nudge()
  })
  let stopAsking = () => {}
  const stops = [
    () => lines.unsubscribe(),
    () => stopAsking(),
    feed.calls.subscribe(tellCalls),
    feed.onNotice((notice) => {
      if (notice.kind === 'PBX_UP') {
        // Within a second or so, for not all phones of the floor should ask at once while their accounts are pushed.
        stopAsking()
        stopAsking = pageTimers.after(200 + Math.random() * 1000, () => phone.send({ type: 'PROBE' }))
      }
      if (notice.kind === 'PHONE_TAKEN_OVER' && notice.phoneClientId !== windowId) phone.send({ type: 'TAKEN_OVER' })
    }),
    feed.onReconnected(() => {
      phone.send({ type: 'PROBE' })
      // But who the operator is and what they do: while the answer is on its way the feed may tell more of it.
      const onQueryUpdated = ({ options }: { options: { query: unknown } }) => options.query !== ViewerDocument
      void client.refetchQueries({ include: 'active', onQueryUpdated })
      client.query({ query: ViewerSettingsDocument, fetchPolicy: 'network-only' }).catch(() => {})
    }),
  ]
  window.addEventListener('online', probe)
  document.addEventListener('visibilitychange', shown)
  document.addEventListener('resume', probe)
  phone.start()
  stops.push(followDevices({ devices, phone, microphone }))
  stops.push(beat({ phone, source, timers: pageTimers }))
  stops.push(
    sharePhone({ share, place, phone, ringer, preflight: checks.preflight, onSignedOut: services.onLeft }),
    followOtherPages(),
  )
  if (followHeadset) stops.push(followHeadset())
  stops.push(checks.start())
  feed.start()
  stops.push(quality.start())
  stops.push(followDevice(client, phone, services.wanted))
  return () => {
    window.removeEventListener('online', probe)
    document.removeEventListener('visibilitychange', shown)
    document.removeEventListener('resume', probe)
    for (const stop of stops) stop()
    phone.stop()
    feed.stop()
  }
}

/** Asks for a phone session. The answer holds a secret: it passes by the cache. */
async function startPhone(client: ApolloClient, windowId: string, take: boolean): Promise<Credentials> {
  try {
    const { data } = await client.mutate({
      mutation: StartPhoneDocument,
      variables: { input: { clientId: windowId, take } },
      fetchPolicy: 'no-cache',
    })
    if (!data) throw new Error('startPhone gave no session')
    return data.startPhone.phone
  } catch (error) {
    throw problemOf(error).code === 'CONFLICT' ? new PhoneElsewhereError(error) : error
  }
}

function socketUrl(): string {
  const url = new URL(endpoint, window.location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return url.href
}
