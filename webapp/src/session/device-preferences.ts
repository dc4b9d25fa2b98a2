import { Observable } from '@/lib/observable'
import { localStore } from '@/lib/storage'

/** What belongs to this computer rather than to the person. */
export interface DevicePreferences {
  /** Of the ringer, 0 to 1. */
  readonly volume: number
  /** Device id; empty is the system's default. */
  readonly microphone: string
}

const key = 'pult.devices'
const defaults: DevicePreferences = { volume: 0.7, microphone: '' }

function read(): DevicePreferences {
  try {
    const stored: unknown = JSON.parse(localStore.get(key) ?? '{}')
    if (typeof stored !== 'object' || stored === null) return defaults
    const { volume, microphone } = stored as Record<string, unknown>
    return {
      volume: typeof volume === 'number' && volume >= 0 && volume <= 1 ? volume : defaults.volume,
      microphone: typeof microphone === 'string' ? microphone : defaults.microphone,
    }
  } catch {
    return defaults
  }
}

/** The preferences of this computer; change them with setDevicePreferences. */
export const devicePreferences = new Observable<DevicePreferences>(read())

export function setDevicePreferences(change: Partial<DevicePreferences>): void {
  const next = { ...devicePreferences.get(), ...change }
  localStore.set(key, JSON.stringify(next))
  devicePreferences.set(next)
}
