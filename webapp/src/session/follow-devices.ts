import type { Devices } from '@/phone/devices'
import type { PhoneActor } from '@/phone/machine'
import type { Microphone } from '@/phone/types'
import { devicePreferences } from './device-preferences'

interface Followed {
  devices: Devices
  phone: PhoneActor
  microphone: Microphone
}

/** Keeps a call on the microphone that is chosen, or on the default when that was pulled out, until the returned function is called. */
export function followDevices({ devices, phone, microphone }: Followed): () => void {
  let used = devices.state.get().used.microphone
  let opening = false
  let stopped = false

  const replace = async () => {
    if (opening) return
    opening = true
    try {
      // Chosen anew while one was being opened: the last choice counts.
      for (let before: string | undefined; before !== used && !stopped;) {
        before = used
        const stream = await microphone.open()
        phone.send({ type: 'REPLACE_MICROPHONE', stream })
      }
    } catch {
      phone.send({ type: 'CHECK_MICROPHONE' }) // says why, and stops new calls
    } finally {
      opening = false
    }
  }

  const changed = () => {
    const next = devices.state.get().used.microphone
    const { microphoneStream } = phone.getSnapshot().context
    const [track] = microphoneStream?.getAudioTracks() ?? []
    const dead = track?.readyState === 'ended'
    if (dead && used === '') devices.tellLost('microphone', track.label)
    const other = next !== used
    used = next
    if (track && (other || dead)) void replace()
  }
  const stops = [
    devices.state.subscribe(changed),
    devicePreferences.subscribe(() => void devices.refresh()),
    devices.start(),
  ]
  return () => {
    stopped = true
    for (const stop of stops) stop()
  }
}
