import { useEffect, useRef } from 'react'
import { playFrom } from '@/phone/sink'
import { useObservable, useServices } from '@/session/context'

/** Plays the customer's voice, from the device that is chosen for it. */
export function RemoteAudio() {
  const { phone, devices } = useServices()
  const ref = useRef<HTMLAudioElement>(null)
  const { speaker } = useObservable(devices.state).used
  useEffect(() => {
    if (ref.current) playFrom(ref.current, speaker)
  }, [speaker])
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
