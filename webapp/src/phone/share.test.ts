import { expect, test, vi } from 'vitest'
import { mirror, PhoneShare, type Channel, type RemotePhone } from './share'
import { isMicrophoneBlocked, isPhoneCut, isPhoneHere, type PhoneView } from './view'

const own: PhoneView = {
  line: 'otherTab',
  microphone: 'unknown',
  calls: [],
  voice: 'none',
  callId: '',
  muted: false,
  trouble: '',
}
const talking: PhoneView = {
  ...own,
  line: 'ready',
  microphone: 'ready',
  calls: [{ callId: 'c1', voice: 'live', muted: true }],
  voice: 'live',
  callId: 'c1',
  muted: true,
}
const remote: RemotePhone = { view: talking, soundBlocked: false, check: { phase: 'idle', steps: [] } }

/** Channels of one name, as pages of one browser have them: each hears the others. */
function air() {
  const listeners = new Map<Channel, Parameters<Channel['addEventListener']>[1]>()
  return () => {
    const channel: Channel = {
      addEventListener: (_, listener) => void listeners.set(channel, listener),
      postMessage: (message) => {
        for (const [other, hear] of listeners) if (other !== channel) hear({ data: message } as MessageEvent)
      },
      close: () => void listeners.delete(channel),
    }
    return channel
  }
}

const deaf = { asked: () => {}, commanded: () => {}, signedOut: () => {} }

test('a page that opens asks, and learns how the phone in its window is', () => {
  const open = air()
  const window = new PhoneShare('window', open())
  window.start({ ...deaf, asked: () => window.tell(remote) })
  const page = new PhoneShare('page', open())
  page.start(deaf)
  expect(page.remote.get()).toBe(remote)
  window.tellLevel(0.4)
  expect(page.level.get()).toBe(0.4)
})

test('a page that has the phone itself ends what others knew of the window', () => {
  const open = air()
  const [window, owner, page] = [
    new PhoneShare('window', open()),
    new PhoneShare('page', open()),
    new PhoneShare('page', open()),
  ]
  owner.start(deaf)
  page.start(deaf)
  window.tell(remote)
  expect(page.remote.get()).toBe(remote)
  owner.tell({ view: { ...own, line: 'ready' }, soundBlocked: false, check: { phase: 'idle', steps: [] } })
  expect(page.remote.get()).toBeUndefined()
})

test('commands reach the window and no page; that somebody signed out reaches all', () => {
  const open = air()
  const heard = vi.fn()
  const out = vi.fn()
  const page = new PhoneShare('page', open())
  new PhoneShare('page', open()).start({ ...deaf, commanded: () => heard('page'), signedOut: out })
  new PhoneShare('window', open()).start({ ...deaf, commanded: (command) => heard(command), signedOut: out })
  page.command('TAKE_HERE')
  expect(heard.mock.calls).toEqual([['TAKE_HERE']])
  page.tellSignedOut()
  expect(out).toHaveBeenCalledTimes(2)
})

test('without a channel nothing is shared, and nothing breaks', () => {
  const share = new PhoneShare('page', undefined)
  share.start(deaf)()
  share.command('TAKE_HERE')
  expect(share.remote.get()).toBeUndefined()
})

test('a page shows the phone of the window as the phone, and neither rings nor speaks itself', () => {
  const view = mirror(own, remote)
  expect(view).toMatchObject({ at: 'window', line: 'ready', voice: 'live', muted: true })
  expect(isPhoneHere(view)).toBe(false)
  const troubled = mirror(own, { ...remote, view: { ...talking, line: 'reconnecting', microphone: 'denied' } })
  expect(isPhoneCut(troubled)).toBe(true)
  expect(isMicrophoneBlocked(troubled)).toBe(true)
})

test('a page that has the phone, or still leads a talk, shows its own', () => {
  expect(mirror(talking, remote)).toBe(talking)
  const moving = { ...talking, line: 'otherTab' } as const
  expect(mirror(moving, remote)).toBe(moving)
  expect(mirror(own, undefined)).toBe(own)
})
