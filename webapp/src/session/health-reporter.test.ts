import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { PhoneHealthInput } from '@/gql/graphql'
import { plainTimers } from '@/lib/timers'
import { anonymous, HealthReporter, type Send } from './health-reporter'

const check = (browser: string) => ({ browser, platform: 'Linux', microphone: '', speaker: '', steps: [] })

function reporter() {
  const sent: PhoneHealthInput[] = []
  const answers: Awaited<ReturnType<Send>>[] = []
  const made = new HealthReporter(async (input) => {
    sent.push(input)
    return answers.shift()
  }, plainTimers)
  return { made, sent, answers }
}

const after = async (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000)

beforeEach(() => {
  vi.useFakeTimers()
  return () => vi.useRealTimers()
})

describe('a check', () => {
  test('is told at once', async () => {
    const { made, sent } = reporter()
    made.check(check('a'))
    await after(0)
    expect(sent).toEqual([{ check: check('a'), errors: [] }])
  })

  test('that could not be told is told later, but never an old one after a new one', async () => {
    const { made, sent, answers } = reporter()
    answers.push('UNREACHABLE')
    made.check(check('a'))
    await after(0)
    made.check(check('b'))
    await after(0)
    expect(sent.at(-1)).toMatchObject({ check: check('b') })
    await after(300)
    expect(sent).toHaveLength(2)
  })

  test('that is refused for what it is, is not told again', async () => {
    const { made, sent, answers } = reporter()
    answers.push('BAD_USER_INPUT')
    made.check(check('a'))
    await after(300)
    expect(sent).toHaveLength(1)
  })
})

describe('errors', () => {
  test('are gathered, and one that repeats is told once', async () => {
    const { made, sent } = reporter()
    for (let i = 0; i < 100; i++) made.error('SIP', 'registration refused')
    made.error('PAGE', 'oops')
    await after(5)
    expect(sent).toEqual([
      {
        check: null,
        errors: [
          { kind: 'SIP', text: 'registration refused' },
          { kind: 'PAGE', text: 'oops' },
        ],
      },
    ])
    await after(60)
    made.error('PAGE', 'oops')
    await after(20)
    expect(sent).toHaveLength(2)
  })

  test('of a page that does nothing else are bounded in number and rate', async () => {
    const { made, sent } = reporter()
    for (let second = 0; second < 60; second++) {
      for (let i = 0; i < 50; i++) made.error('PAGE', `error of kind ${second}-${i} ${'x'.repeat(500)}`)
      // oxlint-disable-next-line no-await-in-loop -- time passes
      await after(1)
    }
    expect(sent.length).toBeLessThan(6)
    for (const { errors } of sent) {
      expect(errors?.length).toBeLessThanOrEqual(20)
      for (const { text } of errors ?? []) expect(text.length).toBeLessThanOrEqual(160)
    }
  })

  test('wait for a server that is away', async () => {
    const { made, sent, answers } = reporter()
    answers.push('UNREACHABLE', 'UNREACHABLE')
    made.error('PAGE', 'oops')
    await after(200)
    expect(sent).toHaveLength(3)
    expect(sent.at(-1)?.errors).toEqual([{ kind: 'PAGE', text: 'oops' }])
  })

  test('tell nothing personal', () => {
    expect(anonymous('call to +7 (916) 123-45-67 failed')).toBe('call to … failed')
    expect(anonymous('sip:op-7@pbx.example: 408')).toBe('… 408')
    expect(anonymous('from anna@example.com at https://pult.example/?customer=c42')).toBe(
      'from … at https://pult.example/…',
    )
    expect(anonymous('ha1 0123456789abcdef0123456789abcdef')).toBe('ha1 …')
  })

  test('end with the page', async () => {
    const { made, sent } = reporter()
    made.error('PAGE', 'oops')
    made.stop()
    await after(60)
    expect(sent).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })
})
