import type { ApolloClient } from '@apollo/client'
import { stageOf } from '@/feed/model'
import type { Feed } from '@/feed/feed'
import { ReportPhoneHealthDocument, ViewerDocument, type CallQualityInput } from '@/gql/graphql'
import type { Clock } from '@/lib/clock'
import { problemOf, type ProblemCode } from '@/lib/problem'
import { every, pageTimers } from '@/lib/timers'
import type { AlertTimes } from '@/phone/alerts'
import { listenTo } from '@/phone/level'
import type { PhoneActor } from '@/phone/machine'
import { QualityMonitor, type QualityReport, type Watched } from '@/phone/quality-monitor'
import type { SipUa } from '@/phone/types'
import { liveSessions } from '@/phone/view'

interface QualityParts {
  readonly client: ApolloClient
  readonly feed: Feed
  readonly phone: PhoneActor
  readonly ua: SipUa
  readonly clock: Clock
  /** Ticks every second; tests give their own. */
  readonly ticker?: ((tick: () => void) => () => void) | undefined
}

const everySecond = (tick: () => void) => every(pageTimers, 1000, tick)

/** Watches the voice of the call that this page has: the phone says where it is, the feed what is expected of it. */
export function makeQualityMonitor({
  client,
  feed,
  phone,
  ua,
  clock,
  ticker = everySecond,
}: QualityParts): QualityMonitor {
  return new QualityMonitor({
    ticker,
    watched: () => watchedOf(phone, feed),
    stats: async (session) => ua.stats(session),
    listenTo,
    now: () => clock.now(),
    times: () => timesOf(client),
    report: async (report) => tell(client, report),
  })
}

function watchedOf(phone: PhoneActor, feed: Feed): Watched | undefined {
  const snapshot = phone.getSnapshot()
  const calls = feed.calls.get()
  // Of two calls one is led, and the other on hold: the one that is heard counts.
  const watched = liveSessions(snapshot).flatMap(({ id, callId, muted }): Watched[] => {
    const call = calls.find((one) => one.id === callId)
    const stage = call && stageOf(call)
    if (!call || (stage !== 'talking' && stage !== 'held')) return []
    return [
      {
        session: id,
        callId,
        talking: stage === 'talking',
        heldSince: stage === 'held' ? Date.parse(call.since) : undefined,
        muted: muted || call.muted,
        microphone: snapshot.context.microphoneStream,
      },
    ]
  })
  return watched.find(({ talking }) => talking) ?? watched[0]
}

/** Until the server has said: as it would by default. */
const defaults: AlertTimes = { longHold: 60_000, deadAir: 15_000 }

function timesOf(client: ApolloClient): AlertTimes {
  const alerts = client.readQuery({ query: ViewerDocument })?.viewer.alerts
  return alerts ? { longHold: alerts.longHold * 1000, deadAir: alerts.deadAir * 1000 } : defaults
}

/** What may be otherwise the next time. */
const passing: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'UNREACHABLE',
  'TIMEOUT',
  'UNAVAILABLE',
  'RATE_LIMITED',
])

async function tell(client: ApolloClient, report: QualityReport): Promise<boolean> {
  const at = (milliseconds: number) => new Date(milliseconds).toISOString()
  const quality: CallQualityInput = {
    callId: report.callId,
    samples: report.samples.map((sample) => ({
      at: at(sample.at),
      codec: sample.codec || null,
      jitterMs: sample.jitterMs,
      lossIn: sample.lossIn,
      lossOut: sample.lossOut,
      roundTripMs: sample.roundTripMs,
    })),
    alerts: report.alerts.map((alert) => ({ kind: alert.kind, at: at(alert.at), over: alert.over })),
  }
  try {
    await client.mutate({
      mutation: ReportPhoneHealthDocument,
      variables: { input: { quality } },
      fetchPolicy: 'no-cache',
    })
    return true
  } catch (error) {
    return !passing.has(problemOf(error).code)
  }
}
