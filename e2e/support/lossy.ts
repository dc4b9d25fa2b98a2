import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import type { Page } from '@playwright/test'

/**
 * A bad network between the browser and the exchange: voice packets get lost and come late, both ways. The kernels that tests run on do
 * not all have netem, so it is a relay: the page's session descriptions are rewritten so that each side knows of the relay only.
 */
export class BadNetwork {
  /** Share of voice packets that get lost. */
  loss = 0
  /** Milliseconds that each packet takes longer. */
  delay = 0
  /** Voice packets that passed, and those that did not. */
  passed = 0
  lost = 0

  readonly #sockets: Socket[] = []
  /** By direction: what of a packet is still to be lost. */
  readonly #owed = { out: 0, in: 0 }

  /** Puts the network in front of a page that is not loaded yet. */
  async attach(page: Page): Promise<void> {
    await page.exposeFunction('badNetwork', (host: string, port: number) => this.#relay(host, port))
    await page.addInitScript(rewriteDescriptions)
  }

  close(): void {
    for (const socket of this.#sockets.splice(0)) socket.close()
  }

  /** Opens the two ends of a relay to an address of the exchange; returns the ports for the browser and for the exchange. */
  async #relay(host: string, port: number): Promise<[number, number]> {
    const near = await this.#open(host)
    const far = await this.#open(host)
    let browser: RemoteInfo | undefined
    near.on('message', (packet, from) => {
      browser = from
      this.#pass('out', packet, () => far.send(packet, port, host))
    })
    far.on('message', (packet) => {
      const to = browser
      if (to) this.#pass('in', packet, () => near.send(packet, to.port, to.address))
    })
    return [near.address().port, far.address().port]
  }

  async #open(host: string): Promise<Socket> {
    const socket = createSocket('udp4')
    this.#sockets.push(socket)
    await new Promise<void>((resolve) => socket.bind(0, host, resolve))
    return socket
  }

  #pass(way: 'out' | 'in', packet: Buffer, send: () => void): void {
    if (isVoice(packet)) {
      this.#owed[way] += this.loss
      if (this.#owed[way] >= 1) {
        this.#owed[way]--
        this.lost++
        return
      }
      this.passed++
    }
    if (this.delay > 0) setTimeout(() => this.#sockets.length > 0 && send(), this.delay)
    else send()
  }
}

/** RTP, and not RTCP, STUN or DTLS on the same port (RFC 7983, RFC 5761 §4). */
function isVoice(packet: Buffer): boolean {
  const [first = 0, second = 0] = packet
  return first >= 128 && first <= 191 && !(second >= 192 && second <= 223)
}

/** Runs in the page. */
function rewriteDescriptions(): void {
  const w = window as unknown as {
    badNetwork: (host: string, port: number) => Promise<[number, number]>
  }
  const prototype = RTCPeerConnection.prototype
  const ports = new WeakMap<RTCPeerConnection, { host: string; far: number }>()
  const theirs = prototype.setRemoteDescription as (this: RTCPeerConnection, description: RTCSessionDescriptionInit) => Promise<void>
  prototype.setRemoteDescription = async function (this: RTCPeerConnection, description: RTCSessionDescriptionInit) {
    const sdp = description.sdp ?? ''
    const [, host, port] = /^a=candidate:\S+ 1 UDP \d+ (\d\S+) (\d+) typ host/imu.exec(sdp) ?? []
    if (host === undefined || ports.has(this)) return theirs.call(this, description)
    const [near, far] = await w.badNetwork(host, Number(port))
    ports.set(this, { host, far })
    return theirs.call(this, {
      type: description.type,
      sdp: only(sdp, host, near),
    })
  }
  const ours = Object.getOwnPropertyDescriptor(prototype, 'localDescription')?.get
  Object.defineProperty(prototype, 'localDescription', {
    get(this: RTCPeerConnection) {
      const description = ours?.call(this) as RTCSessionDescription | null
      const relay = ports.get(this)
      if (!description || !relay) return description
      return {
        type: description.type,
        sdp: only(description.sdp, relay.host, relay.far),
      }
    },
  })

  /** Leaves one address in a description. */
  function only(sdp: string, host: string, port: number): string {
    const lines = sdp.split('\r\n')
    const first = lines.findIndex((line) => line.startsWith('a=candidate:'))
    return lines
      .map((line, i) => (i === first ? `a=candidate:1 1 UDP 2130706431 ${host} ${port} typ host` : line))
      .filter((line, i) => i === first || !line.startsWith('a=candidate:'))
      .map((line) => line.replace(/^c=IN IP4 .*/u, `c=IN IP4 ${host}`).replace(/^m=audio \d+/u, `m=audio ${port}`))
      .join('\r\n')
  }
}
