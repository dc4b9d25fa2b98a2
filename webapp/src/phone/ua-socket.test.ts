import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { plainTimers } from '@/lib/timers'
import { PhoneSocket } from './ua-socket'

/** JsSIP's WebSocket, driven by the test. */
class FakeWebSocket {
  static readonly made: FakeWebSocket[] = []
  readonly done: string[] = []
  state: 'closed' | 'connecting' | 'open' = 'closed'
  readonly via_transport = 'WSS'
  readonly url: string
  onconnect: () => void = () => {}
  ondisconnect: (error: boolean, code?: number, reason?: string) => void = () => {}
  ondata: (data: unknown) => void = () => {}

  constructor(url: string) {
    this.url = url
    FakeWebSocket.made.push(this)
  }
  get sip_uri() {
    return `sip:${this.url}`
  }
  connect() {
    this.state = 'connecting'
    this.done.push('connect')
  }
  disconnect() {
    this.state = 'closed'
    this.done.push('disconnect')
  }
  send(message: string) {
    this.done.push(`send ${message}`)
    return true
  }
  isConnected() {
    return this.state === 'open'
  }
  isConnecting() {
    return this.state === 'connecting'
  }
  open() {
    this.state = 'open'
    this.onconnect()
  }
  fail() {
    this.state = 'closed'
    this.ondisconnect(true, 1006, '')
  }
}

vi.mock('jssip', () => ({
  get WebSocketInterface() {
    return FakeWebSocket
  },
}))

beforeEach(() => {
  vi.useFakeTimers()
  FakeWebSocket.made.length = 0
})
afterEach(() => {
  vi.useRealTimers()
})

function makeSocket(...urls: string[]) {
  const socket = new PhoneSocket(urls, plainTimers)
  const told: unknown[] = []
  Object.assign(socket, {
    onconnect: () => told.push('connect'),
    ondisconnect: (...how: unknown[]) => told.push(how),
    ondata: (data: unknown) => told.push(data),
  })
  const [one, two] = FakeWebSocket.made
  if (!one) throw new Error('there is no WebSocket')
  return { socket, told, one, two }
}

test('passes on what the WebSocket tells', () => {
  const { socket, told, one } = makeSocket('wss://a/ws')
  expect([socket.url, socket.via_transport, socket.sip_uri]).toEqual(['wss://a/ws', 'WSS', 'sip:wss://a/ws'])
  socket.connect()
  one.open()
  one.ondata('hello')
  expect(socket.send('bye')).toBe(true)
  vi.advanceTimersByTime(60_000)
  expect(told).toEqual(['connect', 'hello'])
  expect(one.done).toEqual(['connect', 'send bye'])
})

test('tries the next address after a failure, and the first again after the last', () => {
  const { socket, told, one, two } = makeSocket('wss://a/ws', 'wss://b/ws')
  socket.connect()
  one.fail()
  expect(socket.url).toBe('wss://b/ws')
  socket.connect()
  two?.fail()
  socket.connect()
  one.open()
  expect(told).toEqual([[true, 1006, ''], [true, 1006, ''], 'connect'])
})

test('an address that does not answer is given up after six seconds', () => {
  const { socket, told, one } = makeSocket('wss://a/ws')
  socket.connect()
  vi.advanceTimersByTime(5999)
  expect(told).toEqual([])
  vi.advanceTimersByTime(1)
  expect(told).toEqual([[true, 4000, 'no sign of life']])
  expect(one.done).toEqual(['connect', 'disconnect'])
})

test('also where the browser made no WebSocket at all', () => {
  const { socket, told, one } = makeSocket('wss://a/ws')
  socket.connect()
  one.state = 'closed'
  vi.advanceTimersByTime(6000)
  expect(told).toHaveLength(1)
})

test('drops what is open, once', () => {
  const { socket, told, one } = makeSocket('wss://a/ws')
  socket.connect()
  one.open()
  socket.drop()
  socket.drop()
  expect(told).toEqual(['connect', [true, 4000, 'no sign of life']])
})

test('a socket that was told to disconnect tells nothing more', () => {
  const { socket, told } = makeSocket('wss://a/ws')
  socket.connect()
  socket.disconnect()
  vi.advanceTimersByTime(60_000)
  expect(told).toEqual([])
  expect(vi.getTimerCount()).toBe(0)
})
