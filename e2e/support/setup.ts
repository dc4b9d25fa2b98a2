import { rmSync } from 'node:fs'
import { microphone } from '../playwright.config.ts'
import { buildStand, operatorTone } from './stand.ts'
import { layVoice } from './voice.ts'

/** Builds the stand that stories run on, and lays down the voice of the operators. */
export default function setup(): () => void {
  rmSync(microphone, { force: true })
  layVoice(microphone, operatorTone)
  return buildStand()
}
