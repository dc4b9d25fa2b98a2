import { WebSocketInterface } from 'jssip'
import type { Timers } from '@/lib/timers'

/** A try to connect may take this long; left alone, browsers wait for minutes where nothing answers. Milliseconds. */
const connectLimit = 6000

/**
 * The one socket that JsSIP is given. Below it is a WebSocket to one of the addresses of the PBX, after each failure to the next: so
 * whoever tells JsSIP to connect need not know of its private choice. It can be given up when it is open but dead.
 */
export class PhoneSocket {
  // Set by JsSIP's transport.
  onconnect: () => void = () => {}
  ondisconnect: (error: boolean, code?: number, reason?: string) => void = () => {}
  ondata: (data: unknown) => void = () => {}

  readonly #sockets: readonly WebSocketInterface[]
  readonly #timers: Timers
  #turn = 0
  #unbound: () => void = () => {}

  constructor(urls: readonly string[], timers: Timers) {
    this.#sockets = urls.map((url) => new WebSocketInterface(url))
    this.#timers = timers
  }

  get #socket(): WebSocketInterface {
    const socket = this.#sockets[this.#turn % this.#sockets.length]
    if (!socket) throw new Error('the phone session names no address of the PBX')
    return socket
  }

  get url(): string {
    return this.#socket.url
  }

  get via_transport(): string {
    return this.#socket.via_transport
  }

  get sip_uri(): string {
    return this.#socket.sip_uri
  }

  connect(): void {
    const socket = this.#socket
    const handlers: Pick<WebSocketInterface, 'onconnect' | 'ondisconnect' | 'ondata'> = {
      onconnect: () => {
        this.#unbound()
        this.onconnect()
      },
      ondisconnect: (error, code, reason) => this.#gone(error, code, reason),
      ondata: (data) => this.ondata(data),
    }
    Object.assign(socket, handlers)
    this.#unbound()
    this.#unbound = this.#timers.after(connectLimit, () => this.#giveUp())
    socket.connect()
  }

  disconnect(): void {
    this.#unbound()
    this.#socket.disconnect()
  }

  send(message: string): boolean {
    return this.#socket.send(message)
  }

  isConnected(): boolean {
    return this.#socket.isConnected()
  }

  isConnecting(): boolean {
    return this.#socket.isConnecting()
  }

  /** Gives the connection up, or the try to make one, and tells JsSIP so. */
  drop(): void {
    if (this.isConnected() || this.isConnecting()) this.#giveUp()
  }

  #giveUp(): void {
    this.#socket.disconnect() // unbinds the WebSocket's own events, so that the next line is the only report
    this.#gone(true, 4000, 'no sign of life')
  }

  #gone(error: boolean, code?: number, reason?: string): void {
    this.#unbound()
    this.#turn++
    this.ondisconnect(error, code, reason)
  }
}
