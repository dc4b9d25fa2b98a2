import { expect, test } from 'vitest'
import { stageOf, type MyCall } from '@/feed/model'
import { controlsOf } from './controls'

test('a dialled call that a colleague transfers to me can be answered', () => {
  const call = { state: 'RINGING', direction: 'OUTBOUND', answeredAt: '2026-11-26T09:00:00Z', part: 'operator', consult: null } as unknown as MyCall
  const phone = { line: 'ready', microphone: 'ready', voice: 'ringing' } as const
  expect(controlsOf({ stage: stageOf(call), phone, feed: 'live' }).answer).toBe('')
})
