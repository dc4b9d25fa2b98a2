import { Observable } from '@/lib/observable'

/** What a device is used for. */
export type DeviceRole = 'microphone' | 'speaker' | 'ringer'
export const deviceRoles: readonly DeviceRole[] = ['microphone', 'speaker', 'ringer']

export interface Device {
  readonly id: string
  readonly label: string
}

/** A chosen device. Ids change when the browser forgets the site, labels do not; both empty: the system's default. */
export type DeviceChoice = Device
export type DeviceChoices = Readonly<Record<DeviceRole, DeviceChoice>>
export const systemDefault: DeviceChoice = { id: '', label: '' }

export type DevicePermission = 'granted' | 'denied' | 'prompt' | 'unknown'

/** A device as the browser lists it: MediaDeviceInfo. */
export type ListedDevice = Pick<MediaDeviceInfo, 'deviceId' | 'groupId' | 'kind' | 'label'>

/** Of the browser, what devices are known by. */
export interface MediaApi {
  list(): Promise<readonly ListedDevice[]>
  permission(): Promise<DevicePermission>
  /** Tells when devices or the permission may have changed, until the returned function is called. */
  watch(changed: () => void): () => void
  /** Whether the page may choose where the voice and the ringing come from. */
  readonly chooses: { readonly speaker: boolean; readonly ringer: boolean }
}

export interface DevicesState {
  readonly permission: DevicePermission
  readonly microphones: readonly Device[]
  readonly outputs: readonly Device[]
  /** The device of each role now; an empty id is the system's default. */
  readonly used: Readonly<Record<DeviceRole, string>>
}

/** Something to tell the operator. */
export type DeviceNews =
  | { readonly kind: 'appeared'; readonly label: string; readonly choices: Partial<DeviceChoices> }
  | { readonly kind: 'lost'; readonly label: string; readonly roles: readonly DeviceRole[] }

/** Chromium lists the system's choice once more under these ids. */
const aliases: ReadonlySet<string> = new Set(['', 'default', 'communications'])

/** The device of a choice among those there are: by id, else by label. */
export function resolve(choice: DeviceChoice, devices: readonly Device[]): Device | undefined {
  if (choice.id === '') return undefined
  return (
    devices.find(({ id }) => id === choice.id) ??
    (choice.label === '' ? undefined : devices.find(({ label }) => label === choice.label))
  )
}

/**
 * The microphones and outputs of this computer and which of them are used. A chosen device that is gone gives way to the system's
 * default and is used again when it is back.
 */
export class Devices {
  readonly state = new Observable<DevicesState>({
    permission: 'unknown',
    microphones: [],
    outputs: [],
    used: { microphone: '', speaker: '', ringer: '' },
  })
  /** The last thing worth telling; undefined when it was seen. */
  readonly news = new Observable<DeviceNews | undefined>(undefined)
  readonly chooses: MediaApi['chooses']

  readonly #api: MediaApi
  readonly #choices: () => DeviceChoices
  /** What was listed last while the names were known; undefined before. */
  #known: readonly ListedDevice[] | undefined
  #reading = 0

  constructor(api: MediaApi, choices: () => DeviceChoices) {
    this.#api = api
    this.#choices = choices
    this.chooses = api.chooses
  }

  /** Watches until the returned function is called. */
  start(): () => void {
    const stop = this.#api.watch(() => void this.refresh())
    void this.refresh()
    return () => {
      this.#reading++ // what is under way comes too late
      stop()
    }
  }

  /** Reads the devices anew; to be called also when the choices have changed, or a microphone was opened for the first time. */
  async refresh(): Promise<void> {
    const reading = ++this.#reading
    const [listed, permission] = await Promise.all([this.#api.list(), this.#api.permission()])
    if (reading !== this.#reading) return
    // Before the permission there are entries without ids and names; they are no devices to choose from.
    const real = listed.filter(({ deviceId, label }) => !aliases.has(deviceId) && label !== '')
    const of = (kind: MediaDeviceKind) =>
      real.filter((device) => device.kind === kind).map(({ deviceId, label }) => ({ id: deviceId, label }))
    const [microphones, outputs] = [of('audioinput'), of('audiooutput')]
    const choices = this.#choices()
    const before = this.state.get().used
    const used = {
      microphone: resolve(choices.microphone, microphones)?.id ?? '',
      speaker: resolve(choices.speaker, outputs)?.id ?? '',
      ringer: resolve(choices.ringer, outputs)?.id ?? '',
    }
    this.state.set({ permission, microphones, outputs, used })
    this.#tell(real, before, choices)
    if (real.length > 0 || this.#known) this.#known = real
  }

  /** Tells that a role lost a device that was not chosen by name: the system's default was pulled out. */
  tellLost(role: DeviceRole, label: string): void {
    if (this.news.get()?.kind !== 'lost') this.news.set({ kind: 'lost', label, roles: [role] })
  }

  /** The operator has seen the news. */
  readonly seen = (): void => this.news.set(undefined)

  #tell(real: readonly ListedDevice[], before: DevicesState['used'], choices: DeviceChoices): void {
    if (!this.#known) return // there is nothing to compare with
    const gone = this.#known.filter((device) => !has(real, device))
    const roles = deviceRoles.filter(
      (role) => before[role] !== '' && gone.some((device) => serves(device, role, before[role])),
    )
    const lost = gone.find((device) => roles.some((role) => serves(device, role, before[role])))
    if (lost) {
      this.news.set({ kind: 'lost', label: lost.label, roles })
      return
    }
    const { news } = this
    const last = news.get()
    if (last?.kind === 'appeared' && gone.some(({ label }) => label === last.label)) this.seen()
    const known = this.#known
    const fresh = real.filter((device) => !has(known, device))
    const [first] = fresh
    if (!first) return
    // Microphone and speaker of one headset come together, or one soon after the other.
    const together = real.filter((device) => device === first || sameHeadset(device, first))
    const offered: { -readonly [role in DeviceRole]?: DeviceChoice } = {}
    for (const { kind, deviceId, label } of together) {
      if (kind === 'audioinput') offered.microphone = { id: deviceId, label }
      if (kind === 'audiooutput') offered.speaker = { id: deviceId, label }
    }
    const all = Object.entries(offered) as [DeviceRole, DeviceChoice][]
    // What was chosen before and is back needs no question: it is used again.
    if (all.every(([role, { label, id }]) => choices[role].id === id || choices[role].label === label)) return
    news.set({ kind: 'appeared', label: first.label, choices: offered })
  }
}

function has(list: readonly ListedDevice[], { kind, deviceId }: ListedDevice): boolean {
  return list.some((device) => device.kind === kind && device.deviceId === deviceId)
}

function serves({ kind, deviceId }: ListedDevice, role: DeviceRole, id: string): boolean {
  return deviceId === id && kind === (role === 'microphone' ? 'audioinput' : 'audiooutput')
}

function sameHeadset(a: ListedDevice, b: ListedDevice): boolean {
  return a.groupId !== '' && a.groupId === b.groupId
}

/** The browser's devices. */
export function browserMedia(): MediaApi {
  // Missing on pages that are neither https nor localhost.
  const devices = navigator.mediaDevices as MediaDevices | undefined
  const query = async () => navigator.permissions.query({ name: 'microphone' })
  return {
    chooses: {
      speaker: typeof HTMLMediaElement === 'function' && 'setSinkId' in HTMLMediaElement.prototype,
      ringer: typeof AudioContext === 'function' && 'setSinkId' in AudioContext.prototype,
    },
    async list() {
      return (await devices?.enumerateDevices()) ?? []
    },
    async permission() {
      try {
        return (await query()).state
      } catch {
        return 'unknown' // some browsers cannot tell
      }
    },
    watch(changed) {
      devices?.addEventListener('devicechange', changed)
      let status: PermissionStatus | undefined
      let watching = true
      const watchPermission = async () => {
        try {
          const found = await query()
          if (!watching) return
          status = found
          status.addEventListener('change', changed)
        } catch {
          // Some browsers cannot tell; then opening the microphone tells.
        }
      }
      void watchPermission()
      return () => {
        watching = false
        devices?.removeEventListener('devicechange', changed)
        status?.removeEventListener('change', changed)
      }
    },
  }
}
