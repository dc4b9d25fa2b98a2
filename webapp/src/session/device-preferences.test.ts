import { expect, test } from 'vitest'
import { readPreferences } from './device-preferences'

const systemDefault = { id: '', label: '' }

test.each([
  [null, { volume: 0.7, microphone: systemDefault, speaker: systemDefault, ringer: systemDefault }],
  ['{"volume":0.2,"microphone":"m1"}', { volume: 0.2, microphone: { id: 'm1', label: '' } }],
  [
    '{"speaker":{"id":"o1","label":"Jabra"},"ringer":{"id":5}}',
    { speaker: { id: 'o1', label: 'Jabra' }, ringer: systemDefault },
  ],
  ['{"volume":7}', { volume: 0.7 }],
  ['no json', { volume: 0.7 }],
  ['null', { volume: 0.7 }],
])('%s is read', (text, want) => {
  expect(readPreferences(text)).toMatchObject(want)
})
