import { ApolloClient, ApolloLink } from '@apollo/client'
import { SchemaLink } from '@apollo/client/link/schema'
import { render } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import i18next from 'i18next'
import { App } from '@/app/App'
import { makeCache } from '@/lib/apollo'
import type { Language } from '@/lib/format'
import { changeLanguage, startTranslations } from '@/lib/i18n'
import { FakeUa } from '@/phone/fake-ua'
import type { Hid } from '@/phone/headset'
import type { Credentials, Microphone } from '@/phone/types'
import type { ProbeParts } from '@/phone/probes'
import { wellProbes } from './probes'
import { resetWorld, schema, worldOf, type Context } from './schema'
import { SchemaSource } from './source'

/** A phone session as a server with a real PBX gives it. */
export const credentials: Credentials = {
  wsUrls: ['wss://pbx.example/ws'],
  uri: 'sip:op-1@pbx.example',
  authorizationUser: 'op-1',
  realm: 'asterisk',
  ha1: '00000000000000000000000000000000',
  displayName: 'Operator',
  iceServers: [],
  registerExpires: 60,
  simulated: false,
}

/** A stream that can be stopped and tells it. */
export function fakeStream(): MediaStream {
  const track = {
    enabled: true,
    readyState: 'live',
    stop() {
      track.readyState = 'ended'
    },
  }
  return { getTracks: () => [track], getAudioTracks: () => [track], clone: fakeStream } as unknown as MediaStream
}

interface RenderOptions {
  language?: Language
  path?: string
  microphone?: Microphone
  credentials?: Credentials
  /** What the check of the phone finds; all well unless given. */
  probes?: (parts: ProbeParts) => ProbeParts
  hid?: Hid
}

/** Renders the whole page over the schema of the tests in one of its worlds. */
export async function renderApp(scenario: string, options: RenderOptions = {}) {
  const { language = 'en', path = '/' } = options
  if (!i18next.isInitialized) await startTranslations(language)
  await changeLanguage(language)
  resetWorld(scenario)
  const context: Context = { scenario, world: worldOf(scenario) }
  context.world.preferences.language = language
  const asked: { name: string; variables: Record<string, unknown> }[] = []
  const recorder = new ApolloLink((operation, forward) => {
    asked.push({ name: operation.operationName ?? '', variables: operation.variables })
    return forward(operation)
  })
  /** For each time that the phone was asked for, whether it was to be taken. */
  const takes: boolean[] = []
  const ua = new FakeUa()
  ua.registers = true
  const source = new SchemaSource(context)
  const microphone: Microphone = options.microphone ?? { open: async () => fakeStream(), watch: () => () => {} }
  let tick: () => void = () => {}
  window.history.replaceState(null, '', path)
  const view = render(
    <App
      client={() =>
        new ApolloClient({
          cache: makeCache(),
          link: ApolloLink.from([recorder, new SchemaLink({ schema, context: () => context })]),
        })
      }
      outside={{
        source,
        probes: (parts) => (options.probes ?? ((well) => well))(wellProbes(parts)),
        ...(options.hid ? { hid: options.hid } : {}),
        ticker: (each) => {
          tick = each
          return () => {}
        },
        phone: {
          ua,
          microphone,
          ownership: {
            claim: (told) => {
              queueMicrotask(() => told('owned'))
              return () => {}
            },
            take: () => {},
          },
          startPhone: async (take) => {
            takes.push(take)
            return options.credentials ?? credentials
          },
        },
      }}
    />,
  )
  return { ...view, ua, takes, source, world: context.world, asked, user: userEvent.setup(), tick: () => tick() }
}
