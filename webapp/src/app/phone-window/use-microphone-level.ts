import { useEffect, useState } from 'react'
import { meter } from '@/lib/meter'
import { useServices } from '@/session/context'

/** The other pages are told less often than the window shows; milliseconds. */
const shareEvery = 200

/** How loud the operator is, 0 to 1, while the microphone is open for a call; told to the other pages too. */
export function useMicrophoneLevel(): number | undefined {
  const { phone, share } = useServices()
  const [stream, setStream] = useState<MediaStream>()
  const [level, setLevel] = useState(0)
  useEffect(() => {
    const show = () => setStream(phone.getSnapshot().context.microphoneStream)
    show()
    const subscription = phone.subscribe(show)
    return () => subscription.unsubscribe()
  }, [phone])
  useEffect(() => {
    if (!stream || typeof AudioContext !== 'function') return
    let toldAt = 0
    const stop = meter(stream, (value) => {
      setLevel(value)
      const now = performance.now()
      if (now - toldAt < shareEvery) return
      toldAt = now
      share.tellLevel(value)
    })
    return () => {
      stop()
      setLevel(0)
      share.tellLevel(0)
    }
  }, [stream, share])
  return stream && level
}
