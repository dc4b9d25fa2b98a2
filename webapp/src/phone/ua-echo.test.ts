import { expect, test, vi } from 'vitest'
import { plainTimers } from '@/lib/timers'
import { EchoError } from './types'
import { callEcho } from './ua-echo'

class FakeConnection extends EventTarget {
  connectionState = 'new'
  become(state: string) {
    this.connectionState = state
    this.dispatchEvent(new Event('connectionstatechange'))
  }
  bring(stream: MediaStream) {
    this.dispatchEvent(Object.assign(new Event('track'), { streams: [stream], track: {} }))
  }
}

function dial() {
  const connection = new FakeConnection()
  const session = { isEnded: () => false, terminate: vi.fn<() => void>() }
  type Options = Parameters<Parameters<typeof callEcho>[0]>[1]
  let given: Options | undefined
  let target = ''
  const echo = callEcho(
    (to, options) => {
      target = to
      given = options
      options.eventHandlers.peerconnection({ peerconnection: connection as unknown as RTCPeerConnection })
      return session
    },
    'sip:op-7@pbx.example',
    { stream: {} as MediaStream, iceServers: [], timers: plainTimers },
  )
  return { echo, connection, session, target, handlers: () => given?.eventHandlers }
}

test('the echo is asked for at the PBX of the phone, and heard once media can flow', async () => {
  const { echo, connection, target } = dial()
  expect(target).toBe('sip:pult-echo@pbx.example')
  const stream = {} as MediaStream
  const heard = vi.fn<(stream: MediaStream) => void>()
  void echo.voice.then(heard)
  connection.bring(stream)
  await Promise.resolve()
  expect(heard).not.toHaveBeenCalled()
  connection.become('connected')
  await expect(echo.voice).resolves.toBe(stream)
})

test('a refused call and media without a way are told apart', async () => {
  const refused = dial()
  refused.handlers()?.failed({ cause: 'Not Found' })
  await expect(refused.echo.voice).rejects.toMatchObject(new EchoError('refused', 'Not Found'))
  const silent = dial()
  silent.connection.become('failed')
  await expect(silent.echo.voice).rejects.toMatchObject({ problem: 'media' })
})

test('it is hung up when it is no longer wanted', () => {
  const { echo, session } = dial()
  echo.end()
  expect(session.terminate).toHaveBeenCalledOnce()
})
