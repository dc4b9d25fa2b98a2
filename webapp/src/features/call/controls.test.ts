import { expect, test } from 'vitest'
import type { Stage } from '@/feed/model'
import { controlsOf, type Controls } from './controls'

const phone = { line: 'ready', microphone: 'ready', voice: 'none' } as const
const on = (stage: Stage, more: Partial<Parameters<typeof controlsOf>[1]> = {}) => {
  const controls = controlsOf(stage, { ...phone, ...more }, 'live')
  return (Object.keys(controls) as (keyof Controls)[]).filter((name) => controls[name] === '')
}

test.each<[Stage, (keyof Controls)[]]>([
  ['offer', ['answer', 'end']],
  ['dialling', ['end']],
  ['talking', ['end', 'mute', 'hold', 'keypad']],
  ['held', ['end', 'mute', 'hold']],
  ['rescuing', ['end']],
  ['wrapUp', []],
  ['over', []],
])('%s: %j are on', (stage, names) => {
  expect(on(stage)).toEqual(names)
})

test('everything is off, with the reason, while the page is behind', () => {
  expect(controlsOf('talking', phone, 'behind')).toEqual({
    answer: 'behind',
    end: 'behind',
    mute: 'behind',
    hold: 'behind',
    keypad: 'behind',
  })
})

test('no answer without a microphone, unless the voice is elsewhere or there is none', () => {
  expect(controlsOf('offer', { ...phone, microphone: 'denied' }, 'live').answer).toBe('microphone')
  expect(controlsOf('offer', { ...phone, microphone: 'denied', line: 'otherTab' }, 'live').answer).toBe('')
  expect(controlsOf('offer', { ...phone, microphone: 'unknown', line: 'simulated' }, 'live').answer).toBe('')
})

test.each(['starting', 'reconnecting', 'unserved'] as const)(
  'an answer while the phone is %s would end the ringing: it waits for the phone',
  (line) => {
    expect(controlsOf('offer', { ...phone, line }, 'live').answer).toBe('noPhone')
    expect(on('offer', { line })).toEqual(['end'])
  },
)

test('the microphone can be muted while the far end still rings', () => {
  expect(on('dialling', { voice: 'live' })).toEqual(['end', 'mute'])
})
