import { rmSync } from 'node:fs'
import { microphone } from '../playwright.config.ts'
import { operatorTone, startStand } from './stand.ts'
import { layVoice } from './voice.ts'

/** Starts the stand that all stories share, and lays down the voice of the operators. */
export default async function setup(): Promise<() => Promise<void>> {
  rmSync(microphone, { force: true })
  layVoice(microphone, operatorTone)
  const stand = await startStand([])
  process.env['STAND'] = JSON.stringify(stand.info)
  return () => stand.stop()
}
