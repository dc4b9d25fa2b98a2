// What samples of sound tell. Pure.

/** The least that a sample of 16 bits can be, halved: below it there is digital silence, which no room makes. */
const smallest = 2 ** -16

/** Whether samples are nothing but digital silence: the microphone is dead, or switched off at the device. */
export function isDigitalSilence(samples: Float32Array): boolean {
  return samples.every((sample) => Math.abs(sample) < smallest)
}

/** Decibels relative to full scale (root mean square). */
export function decibels(samples: Float32Array): number {
  return 10 * Math.log10(power(samples) || Number.MIN_VALUE)
}

/** Share of the power that a tone must have to be heard out of noise and the artefacts of codecs. */
const share = 0.4
/** Power below which nothing is heard, however pure. */
const least = 1e-7

/** Whether a tone of so many hertz is what is mostly heard, by Goertzel's algorithm. */
export function hearsTone(samples: Float32Array, rate: number, hertz: number): boolean {
  const whole = power(samples)
  if (whole < least) return false
  const coefficient = 2 * Math.cos((2 * Math.PI * hertz) / rate)
  let [before, last] = [0, 0]
  for (const sample of samples) [before, last] = [last, sample + coefficient * last - before]
  const magnitude = before * before + last * last - coefficient * before * last
  // A sine of amplitude a has the magnitude (a·n/2)² and the power a²/2.
  return (2 * magnitude) / samples.length ** 2 > share * whole
}

function power(samples: Float32Array): number {
  let sum = 0
  for (const sample of samples) sum += sample * sample
  return samples.length === 0 ? 0 : sum / samples.length
}
