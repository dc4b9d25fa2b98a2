/** An element that plays; browsers differ in whether a page may choose from where. */
interface Playing {
  readonly sinkId?: string
  readonly setSinkId?: (id: string) => Promise<void>
}

/** Plays from the device with the id; empty is the system's. One that is gone leaves it where it was: silence would be worse. */
export function playFrom(element: HTMLMediaElement, id: string): void {
  const { sinkId, setSinkId } = element as Playing
  if (!setSinkId || sinkId === id) return
  setSinkId.call(element, id).catch(() => {})
}

/** Seconds that a test tone lasts, and its two notes in hertz. */
const length = 1
const notes = [440, 554.4] as const

/** Plays a tone from a device, by the same way as a voice comes. */
export async function playTestTone(id: string): Promise<void> {
  const audio = new AudioContext()
  const out = audio.createMediaStreamDestination()
  const gain = audio.createGain()
  gain.gain.value = 0.2
  gain.connect(out)
  const start = audio.currentTime
  let last: OscillatorNode | undefined
  for (const [i, pitch] of notes.entries()) {
    last = audio.createOscillator()
    last.frequency.value = pitch
    last.connect(gain)
    last.start(start + (i * length) / notes.length)
    last.stop(start + ((i + 1) * length) / notes.length)
  }
  const element = new Audio()
  element.srcObject = out.stream
  playFrom(element, id)
  try {
    await Promise.all([
      element.play(),
      new Promise((resolve) => last?.addEventListener('ended', resolve, { once: true })),
    ])
  } finally {
    element.srcObject = null
    await audio.close()
  }
}
