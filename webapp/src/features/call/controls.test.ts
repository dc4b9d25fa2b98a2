import { expect, test } from 'vitest'
import { stageOf, type Part, type Stage } from '@/feed/model'
import { controlsOf, type Controls } from './controls'

const phone = { line: 'ready', microphone: 'ready', voice: 'none' } as const
const live = { phone, feed: 'live' } as const
type Circumstances = Parameters<typeof controlsOf>[0]
const on = (circumstances: Pick<Circumstances, 'stage'> & Partial<Circumstances>) => {
  const controls = controlsOf({ ...live, ...circumstances })
  return (Object.keys(controls) as (keyof Controls)[]).filter((name) => controls[name] === '')
}

test.each<[Stage, (keyof Controls)[]]>([
  ['offer', ['answer', 'end']],
  ['dialling', ['end']],
  ['talking', ['end', 'mute', 'hold', 'keypad', 'transfer', 'consult', 'park']],
  ['held', ['end', 'mute', 'hold', 'transfer', 'consult', 'park']],
  ['rescuing', ['end']],
  ['wrapUp', []],
  ['over', []],
])('%s: %j are on', (stage, names) => {
  expect(on({ stage })).toEqual(names)
})

test.each<[Stage, boolean, (keyof Controls)[]]>([
  ['consulting', false, ['end', 'mute', 'keypad', 'cancel']],
  ['consulting', true, ['end', 'mute', 'keypad', 'swap', 'merge', 'complete', 'cancel']],
  ['conference', true, ['end', 'mute', 'keypad', 'complete', 'cancel']],
])('%s, answered %j: %j are on', (stage, reached, names) => {
  expect(on({ stage, reached })).toEqual(names)
})

test.each<[Stage, (keyof Controls)[]]>([
  ['offer', ['answer', 'end']],
  ['consulted', ['end', 'mute']],
])('the colleague who is consulted has their own part only: %s, %j', (stage, names) => {
  const part: Part = 'guest'
  expect(on({ stage, part })).toEqual(names)
  expect(controlsOf({ ...live, stage, part }).transfer).toBe('theirs')
})

test('a dialled call that a colleague transfers to me can be answered', () => {
  const given = { state: 'RINGING', direction: 'OUTBOUND', answeredAt: '2026-11-26T09:00:00Z', consult: null } as const
  expect(on({ stage: stageOf({ ...given, part: 'operator' }) })).toEqual(['answer', 'end'])
})

test('what is off says why', () => {
  expect(controlsOf({ ...live, stage: 'talking' }).swap).toBe('nobody')
  expect(controlsOf({ ...live, stage: 'consulting' }).complete).toBe('notReached')
  expect(controlsOf({ ...live, stage: 'consulting', reached: true }).park).toBe('consulting')
  expect(controlsOf({ ...live, stage: 'conference', reached: true }).merge).toBe('together')
})

test('everything is off, with the reason, while the page is behind', () => {
  expect(new Set(Object.values(controlsOf({ stage: 'talking', phone, feed: 'behind' })))).toEqual(new Set(['behind']))
})

test('no answer without a microphone, unless the voice is elsewhere or there is none', () => {
  const answer = (more: Partial<Circumstances['phone']>) =>
    controlsOf({ stage: 'offer', phone: { ...phone, ...more }, feed: 'live' }).answer
  expect(answer({ microphone: 'denied' })).toBe('microphone')
  expect(answer({ microphone: 'denied', line: 'otherTab' })).toBe('')
  expect(answer({ microphone: 'unknown', line: 'simulated' })).toBe('')
})

test.each(['starting', 'reconnecting', 'unserved'] as const)(
  'an answer while the phone is %s would end the ringing: it waits for the phone',
  (line) => {
    expect(controlsOf({ stage: 'offer', phone: { ...phone, line }, feed: 'live' }).answer).toBe('noPhone')
    expect(on({ stage: 'offer', phone: { ...phone, line } })).toEqual(['end'])
  },
)

test.each(['desk', 'deskAway'] as const)('a desk phone (%s) is answered there, and commanded from the page', (line) => {
  const desk = { ...live, phone: { ...live.phone, line } }
  expect(controlsOf({ ...desk, stage: 'offer' })).toMatchObject({ answer: 'deskPhone', end: '' })
  expect(controlsOf({ ...desk, stage: 'talking' })).toEqual(controlsOf({ ...live, stage: 'talking' }))
})

test('the microphone can be muted while the far end still rings', () => {
  expect(on({ stage: 'dialling', phone: { ...phone, voice: 'live' } })).toEqual(['end', 'mute'])
})
