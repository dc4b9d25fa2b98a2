import type { Timers } from '@/lib/timers'
import { boundGathering } from './ice'
import { EchoError, type Echo } from './types'

/** Extension of the PBX that sends back what it hears; see extensions.conf of the site. */
const extension = 'pult-echo'

/** What is used of a session. */
interface EchoSession {
  isEnded(): boolean
  terminate(): void
}

interface EchoOptions {
  mediaStream: MediaStream
  mediaConstraints: { audio: true; video: false }
  pcConfig: RTCConfiguration
  eventHandlers: {
    ended: (event: { cause: string }) => void
    failed: (event: { cause: string }) => void
    icecandidate: ReturnType<typeof boundGathering>
    peerconnection: (event: { peerconnection: RTCPeerConnection }) => void
  }
}

/** An echo that cannot be had. */
export function noEcho(cause: string): Echo {
  return { voice: Promise.reject(new EchoError('refused', cause)), end: () => {} }
}

/** Calls the echo at the PBX of `uri`. What comes back counts only once media can flow: a tone sent before would be lost. */
export function callEcho(
  call: (target: string, options: EchoOptions) => EchoSession,
  uri: string,
  { stream, iceServers, timers }: { stream: MediaStream; iceServers: RTCIceServer[]; timers: Timers },
): Echo {
  let session: EchoSession | undefined
  const voice = new Promise<MediaStream>((resolve, reject) => {
    let back: MediaStream | undefined
    let flows = false
    const heard = () => {
      if (flows && back) resolve(back)
    }
    const over = ({ cause }: { cause: string }) => reject(new EchoError('refused', cause))
    session = call(`sip:${extension}@${uri.slice(uri.indexOf('@') + 1)}`, {
      mediaStream: stream,
      mediaConstraints: { audio: true, video: false },
      pcConfig: { iceServers },
      eventHandlers: {
        ended: over,
        failed: over,
        icecandidate: boundGathering(timers),
        peerconnection: ({ peerconnection }) => {
          peerconnection.addEventListener('track', ({ track, streams }) => {
            back = streams[0] ?? new MediaStream([track])
            heard()
          })
          peerconnection.addEventListener('connectionstatechange', () => {
            flows = peerconnection.connectionState === 'connected'
            if (peerconnection.connectionState === 'failed') reject(new EchoError('media', 'no way for media'))
            heard()
          })
        },
      },
    })
  })
  return {
    voice,
    end() {
      voice.catch(() => {}) // nobody asks any more
      if (session && !session.isEnded()) session.terminate()
    },
  }
}
