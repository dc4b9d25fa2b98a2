import { MicrophoneError, type Microphone, type MicrophoneProblem } from './types'

/** What is asked of the microphone: a telephone voice, as the browser knows to make it. */
const telephoneVoice: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true }
/** As it is: a quiet room is heard as noise, and nothing but a dead microphone as silence. */
const rawVoice: MediaTrackConstraints = { echoCancellation: false, noiseSuppression: false, autoGainControl: false }

/**
 * Opens the device with the id, else the system's default: an empty id, or a device that was pulled out at this moment. The id is
 * exact, since Chromium may pass over one that is merely ideal.
 */
async function openDevice(devices: MediaDevices, id: string, voice: MediaTrackConstraints): Promise<MediaStream> {
  const byDefault = { audio: voice, video: false }
  if (!id) return devices.getUserMedia(byDefault)
  try {
    return await devices.getUserMedia({ audio: { ...voice, deviceId: { exact: id } }, video: false })
  } catch (error) {
    if (problemOf(error) !== 'missing') throw error
    return devices.getUserMedia(byDefault)
  }
}

/** The browser's microphone. `preferred` names the device that the operator chose; empty is the system's default. */
export function makeMicrophone(preferred: () => string): Microphone {
  return {
    async open({ raw = false } = {}) {
      // Missing on pages that are neither https nor localhost.
      const devices = navigator.mediaDevices as MediaDevices | undefined
      if (!devices) throw new MicrophoneError('insecure')
      try {
        return await openDevice(devices, preferred(), raw ? rawVoice : telephoneVoice)
      } catch (error) {
        throw new MicrophoneError(problemOf(error), error)
      }
    },

    watch(changed) {
      const devices = navigator.mediaDevices as MediaDevices | undefined
      devices?.addEventListener('devicechange', changed)
      let status: PermissionStatus | undefined
      let watching = true
      const watchPermission = async () => {
        try {
          const found = await navigator.permissions.query({ name: 'microphone' })
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

// Names of DOMExceptions: Media Capture and Streams, 10.2 (getUserMedia).
function problemOf(error: unknown): MicrophoneProblem {
  const name = error instanceof Error ? error.name : ''
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied'
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'missing'
    case 'NotReadableError':
    case 'AbortError':
      return 'busy'
    default:
      return 'failed'
  }
}
