import { useEffect, useRef, useState } from 'react'
import type { PhoneActor } from '@/phone/machine'
import { playFrom } from '@/phone/sink'
import { useObservable, useServices } from '@/session/context'

/** Plays the voices of all sessions, from the device that is chosen for them. Which one is heard, the server decides. */
export function RemoteAudio() {
  const { phone } = useServices()
  const [streams, setStreams] = useState<Streams>([])
  useEffect(() => {
    const show = () => setStreams((shown) => (same(shown, streamsOf(phone)) ? shown : streamsOf(phone)))
    show()
    const subscription = phone.subscribe(show)
    return () => subscription.unsubscribe()
  }, [phone])
  return streams.map(([session, stream]) => <Voice key={session} stream={stream} />)
}

type Streams = readonly (readonly [session: string, stream: MediaStream])[]

function streamsOf(phone: PhoneActor): Streams {
  return [...phone.getSnapshot().context.sessions].flatMap(([id, session]) => {
    const stream = session.getSnapshot().context.remoteStream
    return stream ? [[id, stream] as const] : []
  })
}

function same(a: Streams, b: Streams): boolean {
  return a.length === b.length && a.every(([id, stream], i) => b[i]?.[0] === id && b[i][1] === stream)
}

function Voice({ stream }: { stream: MediaStream }) {
  const { devices } = useServices()
  const ref = useRef<HTMLAudioElement>(null)
  const { speaker } = useObservable(devices.state).used
  useEffect(() => {
    if (ref.current) playFrom(ref.current, speaker)
  }, [speaker])
  useEffect(() => {
    const audio = ref.current
    if (!audio) return
    audio.srcObject = stream
    // The microphone is open by now, and browsers let a page that records also play.
    audio.play().catch(() => {})
    return () => {
      audio.srcObject = null
    }
  }, [stream])
  // eslint-disable-next-line jsx-a11y/media-has-caption -- a live voice has none
  return <audio ref={ref} data-testid="remote-audio" autoPlay />
}
