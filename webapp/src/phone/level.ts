/** The loudness of a microphone. */
export interface Level {
  /** Effective value of the last two thirds of a second, 0 to 1; undefined while the browser does not measure. */
  read(): number | undefined
  stop(): void
}

/**
 * Measures a microphone whether or not it is muted: muting switches the track off that is sent, so the ear is on a copy of it. The copy
 * is heard by nobody, and ends with stop.
 */
export function listenTo(stream: MediaStream): Level {
  const none: Level = { read: () => undefined, stop: () => {} }
  const [track] = stream.getAudioTracks()
  if (!track || typeof AudioContext !== 'function') return none
  const copy = track.clone()
  copy.enabled = true
  const audio = new AudioContext()
  const analyser = audio.createAnalyser()
  analyser.fftSize = 32_768 // the longest there is
  audio.createMediaStreamSource(new MediaStream([copy])).connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  return {
    read() {
      if (audio.state !== 'running') return undefined
      analyser.getFloatTimeDomainData(samples)
      let sum = 0
      for (const sample of samples) sum += sample * sample
      return Math.sqrt(sum / samples.length)
    },
    stop() {
      copy.stop()
      void audio.close()
    },
  }
}
