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

  const replace = async (): Promise<void> => {
    if (opening) return
    opening = true
    const wanted = used
    try {
      phone.send({ type: 'REPLACE_MICROPHONE', stream: await microphone.open() })
    } catch {
      phone.send({ type: 'CHECK_MICROPHONE' }) // says why, and stops new calls
    }
    opening = false
    // Chosen anew while this one was being opened: the last choice counts.
    if (used !== wanted) await replace()
  }

  const changed = () => {
    const before = used
    used = devices.state.get().used.microphone
    const [track] = phone.getSnapshot().context.microphoneStream?.getAudioTracks() ?? []
    if (!track) return
    const dead = track.readyState === 'ended'
    if (dead && before === '') devices.tellLost('microphone', track.label)
    if (dead || used !== before) void replace()
  }
  const stops = [
    devices.state.subscribe(changed),
    devicePreferences.subscribe(() => void devices.refresh()),
    devices.start(),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}
