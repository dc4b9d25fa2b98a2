import type { ApolloClient } from '@apollo/client'
import { ReportPhoneHealthDocument, ServerTimeDocument, type PhoneStepName, type PhoneStepState } from '@/gql/graphql'
import { browserOf } from '@/lib/browser'
import { problemOf } from '@/lib/problem'
import { pageTimers, type Timers } from '@/lib/timers'
import { browserSound, notificationState, openSocket, runningAudio } from '@/phone/browser-probes'
import type { Devices, MediaApi } from '@/phone/devices'
import { browserLoop, checkEcho } from '@/phone/echo-check'
import type { PhoneActor } from '@/phone/machine'
import { Preflight, type PreflightState, type StepName } from '@/phone/preflight'
import { planOf, type ProbeParts } from '@/phone/probes'
import type { Microphone, SipUa, UaEvent } from '@/phone/types'
import { isPhoneHere, phoneView } from '@/phone/view'
import { devicePreferences } from './device-preferences'
import { HealthReporter } from './health-reporter'

interface ChecksOptions {
  client: ApolloClient
  phone: PhoneActor
  ua: SipUa
  microphone: Microphone
  devices: Devices
  media: MediaApi
  /** Tests replace what a browser is needed for. */
  replace?: ((parts: ProbeParts) => ProbeParts) | undefined
}

/** The check of the phone before the first call, and what the server is told of it. */
export interface Checks {
  readonly preflight: Preflight
  readonly reporter: HealthReporter
  /** Checks at every start of the phone, and tells the server, until the returned function is called. */
  start(): () => void
}

export function makeChecks(options: ChecksOptions): Checks {
  const { client, replace = (parts) => parts } = options
  const parts = replace(browserParts(options, pageTimers))
  const preflight = new Preflight(() => planOf(parts), pageTimers)
  const reporter = new HealthReporter(async (input) => {
    try {
      await client.mutate({ mutation: ReportPhoneHealthDocument, variables: { input }, fetchPolicy: 'no-cache' })
      return undefined
    } catch (error) {
      return problemOf(error).code
    }
  }, pageTimers)
  return {
    preflight,
    reporter,
    start() {
      const stops = [
        follow(preflight, options.phone),
        tellChecks(preflight, reporter, options.devices),
        tellErrors(reporter, options),
        askForSound(preflight),
      ]
      return () => {
        for (const stop of stops) stop()
        preflight.stop()
        reporter.stop()
      }
    },
  }
}

function browserParts({ client, phone, ua, microphone, media }: ChecksOptions, timers: Timers): ProbeParts {
  const line = () => phoneView(phone.getSnapshot()).line
  return {
    microphone,
    permission: async () => media.permission(),
    async outputs() {
      // Firefox lists no outputs until one is chosen.
      if (!media.chooses.speaker) return undefined
      const listed = await media.list()
      const known = listed.some(({ kind }) => kind === 'audioinput')
      return known ? listed.filter(({ kind }) => kind === 'audiooutput').length : undefined
    },
    sound: browserSound(timers),
    volume: () => devicePreferences.get().volume,
    notifications: notificationState,
    line: {
      get: line,
      watch(changed) {
        const subscription = phone.subscribe(changed)
        return () => subscription.unsubscribe()
      },
      urls: () => phone.getSnapshot().context.credentials?.wsUrls ?? [],
    },
    connect: openSocket,
    async echo(signal) {
      const audio = await runningAudio(timers)
      if (!audio) return { state: 'failed', problem: 'sound_blocked' }
      return checkEcho(
        { call: (stream) => ua.echo(stream), loop: () => browserLoop(audio), timers, now: () => performance.now() },
        signal,
      )
    },
    async serverTime() {
      const { data } = await client.query({ query: ServerTimeDocument, fetchPolicy: 'no-cache' })
      if (!data) throw new Error('the server told no time')
      return Date.parse(data.viewer.now)
    },
    timers,
    now: Date.now,
  }
}

/**
 * Runs the check when the phone has come here, and again, in part, when what it found may have changed. During a call only the microphone
 * is looked at, when something has become of it: supervisors are to know who is not heard.
 */
function follow(preflight: Preflight, phone: PhoneActor): () => void {
  let checked = false
  let microphone: string | undefined
  let line = ''
  const look = () => {
    const view = phoneView(phone.getSnapshot())
    const here = isPhoneHere(view)
    if (!here && checked) {
      checked = false
      preflight.stop()
    }
    if (!here || view.line === 'starting') return // it is not to be slowed down by being checked
    if (view.calls.length > 0) {
      if (view.microphone === 'unknown' || view.microphone === microphone || !isWhole(preflight.state.get())) return
      microphone = view.microphone
      void preflight.again('permission', 'microphone')
      return
    }
    if (!checked) {
      checked = true
      microphone = undefined
      void preflight.run()
    } else if (preflight.state.get().phase === 'done') {
      if (view.microphone !== microphone && microphone !== undefined)
        void preflight.again('permission', 'microphone', 'level')
      else if (view.line === 'ready' && line !== 'ready' && fails(preflight.state.get(), 'connection', 'registration'))
        void preflight.again('connection', 'registration')
    }
    if (view.microphone !== 'unknown') microphone = view.microphone
    line = view.line
  }
  const subscription = phone.subscribe(look)
  look()
  return () => subscription.unsubscribe()
}

/** Whether nothing is being looked at, or still to be, but for a microphone that is not allowed. */
function isWhole({ phase, steps }: PreflightState): boolean {
  return phase === 'done' && steps.every(({ name, state }) => name === 'microphone' || state !== 'waiting')
}

function fails({ steps }: PreflightState, ...names: StepName[]): boolean {
  return steps.some(({ name, state }) => names.includes(name) && state === 'failed')
}

/** Once the person has touched the page, browsers let it make sound: what waited for that is taken. */
function askForSound(preflight: Preflight): () => void {
  const touched = () => {
    if (preflight.state.get().steps.some(({ state, problem }) => state === 'failed' && problem === 'sound_blocked'))
      void preflight.again('ringtone', 'media')
  }
  window.addEventListener('pointerup', touched)
  window.addEventListener('keyup', touched)
  return () => {
    window.removeEventListener('pointerup', touched)
    window.removeEventListener('keyup', touched)
  }
}

function tellChecks(preflight: Preflight, reporter: HealthReporter, devices: Devices): () => void {
  const browser = browserOf(navigator.userAgent)
  let told: PreflightState | undefined
  return preflight.state.subscribe(() => {
    const state = preflight.state.get()
    if (state.phase !== 'done' || state === told) return
    told = state
    const { outputs, used } = devices.state.get()
    reporter.check({
      browser: browser.title,
      platform: browser.platform,
      microphone: state.steps.find(({ name }) => name === 'microphone')?.detail ?? '',
      speaker: outputs.find(({ id }) => id === used.speaker)?.label ?? '',
      steps: state.steps.map(({ name, state: how, problem, detail }) => ({
        name: name.toUpperCase() as PhoneStepName,
        state: how.toUpperCase() as PhoneStepState,
        problem,
        detail: name === 'microphone' ? '' : detail,
      })),
    })
  })
}

/** Ends of calls that are no trouble, as JsSIP words them. */
const ordinary: ReadonlySet<string> = new Set(['Terminated', 'Canceled', 'Rejected', 'Busy', 'No Answer'])

function tellErrors(reporter: HealthReporter, { phone, ua }: ChecksOptions): () => void {
  const page = ({ error, message }: ErrorEvent) => reporter.error('PAGE', wordsOf(error, message))
  const promise = ({ reason }: PromiseRejectionEvent) => reporter.error('PAGE', wordsOf(reason, 'rejected'))
  const sip = (event: UaEvent) => {
    if (event.type === 'ua.refused') reporter.error('SIP', `registration: ${event.cause}`)
    if (event.type === 'ua.ended' && !event.byUs && !ordinary.has(event.cause))
      reporter.error('SIP', `call: ${event.cause}`)
  }
  let problem: string | undefined
  const subscription = phone.subscribe(({ context }) => {
    if (context.microphoneProblem !== problem && context.microphoneProblem)
      reporter.error('MICROPHONE', context.microphoneProblem)
    problem = context.microphoneProblem
  })
  const stop = ua.listen(sip)
  window.addEventListener('error', page)
  window.addEventListener('unhandledrejection', promise)
  return () => {
    window.removeEventListener('error', page)
    window.removeEventListener('unhandledrejection', promise)
    subscription.unsubscribe()
    stop()
  }
}

function wordsOf(error: unknown, otherwise: string): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : otherwise
}
