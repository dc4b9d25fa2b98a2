import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { microphone } from '../playwright.config.ts'
import { operatorTone, startStand } from './stand.ts'

/** Starts the stand that all stories share, and lays down the voice of the operators. */
export default async function setup(): Promise<() => Promise<void>> {
  mkdirSync(dirname(microphone), { recursive: true })
  writeFileSync(microphone, tone(operatorTone, 10))
  const stand = await startStand([])
  process.env['STAND'] = JSON.stringify(stand.info)
  return () => stand.stop()
}

/** A sine of some seconds as a WAV file: 48 kHz, 16 bits, mono. Whole periods, so that it loops without a click. */
function tone(frequency: number, seconds: number): Buffer {
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
    file.writeInt16LE(Math.round(0.5 * 32767 * Math.sin((2 * Math.PI * frequency * i) / rate)), 44 + i * 2)
  }
  return file
}
