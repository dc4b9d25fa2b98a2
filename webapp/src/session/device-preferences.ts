import { Observable } from '@/lib/observable'
import { localStore } from '@/lib/storage'
import { systemDefault, type DeviceChoice, type DeviceChoices } from '@/phone/devices'

/** What belongs to this computer rather than to the person. */
export interface DevicePreferences extends DeviceChoices {
  /** Of the ringer, 0 to 1. */
  readonly volume: number
  /** The phone is to have a window of its own. */
  readonly phoneWindow: boolean
}

const key = 'pult.devices'
const defaults: DevicePreferences = {
  volume: 0.7,
  phoneWindow: true,
  microphone: systemDefault,
  speaker: systemDefault,
  ringer: systemDefault,
}

/** Preferences as they were stored, whatever wrote them. */
export function readPreferences(text: string | null): DevicePreferences {
  try {
    const stored: unknown = JSON.parse(text ?? '{}')
    if (typeof stored !== 'object' || stored === null) return defaults
    const { volume, phoneWindow, microphone, speaker, ringer } = stored as Record<string, unknown>
    return {
      volume: typeof volume === 'number' && volume >= 0 && volume <= 1 ? volume : defaults.volume,
      phoneWindow: typeof phoneWindow === 'boolean' ? phoneWindow : defaults.phoneWindow,
      microphone: choice(microphone),
      speaker: choice(speaker),
      ringer: choice(ringer),
    }
  } catch {
    return defaults
  }
}

function choice(stored: unknown): DeviceChoice {
  if (typeof stored === 'string') return { id: stored, label: '' } // as once written, without the label
  if (typeof stored !== 'object' || stored === null) return systemDefault
  const { id, label } = stored as Record<string, unknown>
  return typeof id === 'string' && typeof label === 'string' ? { id, label } : systemDefault
}

/** The preferences of this computer; change them with setDevicePreferences. */
export const devicePreferences = new Observable<DevicePreferences>(readPreferences(localStore.get(key)))

export function setDevicePreferences(change: Partial<DevicePreferences>): void {
  const next = { ...devicePreferences.get(), ...change }
  localStore.set(key, JSON.stringify(next))
  devicePreferences.set(next)
}

/** Takes over what another page of this browser has set, until the returned function is called. */
export function followOtherPages(): () => void {
  const stored = (event: StorageEvent) => {
    if (event.key === key) devicePreferences.set(readPreferences(event.newValue))
  }
  window.addEventListener('storage', stored)
  return () => window.removeEventListener('storage', stored)
}
