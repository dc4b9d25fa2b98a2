import { isPhoneHere } from '@/phone/view'
import { useMe, useObservable, usePhone, useServices } from './context'
import { devicePreferences } from './device-preferences'
import { useCheck } from './use-check'

/** Why a ringing call would not be heard here; empty when it would be, or when none can come. */
export function useSilentRing(): '' | 'blocked' | 'volume' | 'output' {
  const { ringer, devices } = useServices()
  const phone = usePhone()
  const { availability } = useMe()
  const blocked = useObservable(ringer.blocked)
  const { volume } = useObservable(devicePreferences)
  const { microphones, outputs } = useObservable(devices.state)
  const { steps } = useCheck().state
  if (blocked) return 'blocked'
  if (!isPhoneHere(phone) || availability !== 'READY') return ''
  if (steps.some(({ problem }) => problem === 'sound_blocked')) return 'blocked'
  if (volume === 0) return 'volume'
  // Names of devices are known once the microphone is; browsers that let no speaker be chosen do not list any.
  return devices.chooses.speaker && microphones.length > 0 && outputs.length === 0 ? 'output' : ''
}
