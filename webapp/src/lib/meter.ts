/** Loudness below which nothing is shown; decibels relative to full scale. */
const floor = -60

/** Tells the loudness of a stream as 0 to 1, some twenty times a second, until the returned function is called. */
export function meter(stream: MediaStream, tell: (level: number) => void): () => void {
  const audio = new AudioContext()
  const analyser = audio.createAnalyser()
  analyser.fftSize = 1024
  audio.createMediaStreamSource(stream).connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples)
    tell(loudness(samples))
  }, 50)
  return () => {
    clearInterval(timer)
    void audio.close()
  }
}

/** Root mean square of samples on a decibel scale, 0 (silence) to 1 (full scale). */
export function loudness(samples: Float32Array): number {
  let sum = 0
  for (const sample of samples) sum += sample * sample
  const decibels = 10 * Math.log10(sum / samples.length || Number.MIN_VALUE)
  return Math.max(0, Math.min(1, (decibels - floor) / -floor))
}
