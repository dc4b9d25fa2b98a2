import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Lays a WAV file down for a microphone: a sine of 48 kHz, 16 bits, mono; whole periods, so that it loops without a click. */
export function layVoice(path: string, frequency: number, seconds = 10, amplitude = 0.5): string {
  if (existsSync(path)) return path
  mkdirSync(dirname(path), { recursive: true })
  const rate = 48_000
  const samples = rate * seconds
  const file = Buffer.alloc(44 + samples * 2)
  file.write('RIFF', 0)
  file.writeUInt32LE(36 + samples * 2, 4)
  file.write('WAVEfmt ', 8)
  file.writeUInt32LE(16, 16)
  file.writeUInt16LE(1, 20)
  file.writeUInt16LE(1, 22)
  file.writeUInt32LE(rate, 24)
  file.writeUInt32LE(rate * 2, 28)
  file.writeUInt16LE(2, 32)
  file.writeUInt16LE(16, 34)
  file.write('data', 36)
  file.writeUInt32LE(samples * 2, 40)
  for (let i = 0; i < samples; i++) {
    file.writeInt16LE(Math.round(amplitude * 32767 * Math.sin((2 * Math.PI * frequency * i) / rate)), 44 + i * 2)
  }
  writeFileSync(path, file)
  return path
}
