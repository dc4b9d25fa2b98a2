import { useEffect, useRef } from 'react'
import { useServices } from '@/session/context'

/** Plays the customer's voice. */
export function RemoteAudio() {
  const { phone } = useServices()
  const ref = useRef<HTMLAudioElement>(null)
  useEffect(() => {
    const show = () => {
      const audio = ref.current
      const stream = phone.getSnapshot().context.remoteStream ?? null
      if (!audio || audio.srcObject === stream) return
      audio.srcObject = stream
      if (stream) {
        // The microphone is open by now, and browsers let a page that records also play.
        audio.play().catch(() => {})
      }
    }
    show()
    const subscription = phone.subscribe(show)
    return () => subscription.unsubscribe()
  }, [phone])
  // eslint-disable-next-line jsx-a11y/media-has-caption -- a live voice has none
  return <audio ref={ref} data-testid="remote-audio" autoPlay />
}
