import { beforeEach, describe, expect, test, vi } from 'vitest'
import { plainTimers } from '@/lib/timers'
import {
  Preflight,
  stepNames,
  worstOf,
  type Finding,
  type PreflightPlan,
  type StepName,
  type StepPlan,
} from './preflight'

const fine: Finding = { state: 'ok' }
const step = (probe: StepPlan['probe'], more: Partial<StepPlan> = {}): StepPlan => ({
  probe,
  limit: 1000,
  late: 'late',
  ...more,
})

/** A check whose steps find what the test says. */
function check(found: Partial<Record<StepName, Finding>>, more: Partial<Record<StepName, Partial<StepPlan>>> = {}) {
  const taken: StepName[] = []
  const plan: PreflightPlan = {}
  for (const name of stepNames) {
    plan[name] = step(async () => {
      taken.push(name)
      return found[name] ?? fine
    }, more[name])
  }
  const preflight = new Preflight(() => plan, plainTimers)
  const states = () =>
    preflight.state.get().steps.map(({ name, state, problem }) => `${name} ${state} ${problem}`.trim())
  return { preflight, taken, states, found }
}

beforeEach(() => {
  vi.useFakeTimers()
  return () => vi.useRealTimers()
})

describe('a check', () => {
  test('takes every step in order and ends', async () => {
    const { preflight, taken } = check({})
    await preflight.run()
    expect(taken).toEqual(stepNames)
    expect(preflight.state.get()).toMatchObject({ phase: 'done' })
    expect(preflight.state.get().steps.every(({ state }) => state === 'ok')).toBe(true)
    expect(worstOf(preflight.state.get())).toBeUndefined()
  })

  test('ticks itself off: one step runs, those behind it wait', async () => {
    const { preflight } = check({})
    const seen: string[] = []
    preflight.state.subscribe(() =>
      seen.push(
        preflight.state
          .get()
          .steps.map(({ state }) => state[0])
          .join(''),
      ),
    )
    await preflight.run()
    expect(seen).toContain('owwwwwwwww')
    expect(seen).toContain('ooorwwwwww')
    expect(seen.at(-1)).toBe('oooooooooo')
  })

  test('stops at the first hard failure', async () => {
    const { preflight, taken, states } = check(
      { microphone: { state: 'failed', problem: 'missing' } },
      { microphone: { hard: true } },
    )
    await preflight.run()
    expect(taken).toEqual(['permission', 'microphone'])
    expect(states().slice(0, 4)).toEqual([
      'permission ok',
      'microphone failed missing',
      'ringtone waiting',
      'level waiting',
    ])
    expect(preflight.state.get().phase).toBe('done')
    expect(worstOf(preflight.state.get())?.problem).toBe('missing')
  })

  test('goes on after a failure that is not hard, and passes over what needs it', async () => {
    const { preflight, taken, states } = check(
      { ringtone: { state: 'failed', problem: 'sound_blocked' } },
      { speaker: { needs: ['ringtone'] } },
    )
    await preflight.run()
    expect(taken).not.toContain('speaker')
    expect(taken).toContain('clock')
    expect(states()).toContain('speaker waiting')
  })

  test('a warning is no failure', async () => {
    const { preflight, taken } = check(
      { ringtone: { state: 'warn', problem: 'volume_zero' }, clock: { state: 'warn', problem: 'skew' } },
      { speaker: { needs: ['ringtone'] } },
    )
    await preflight.run()
    expect(taken).toContain('speaker')
    expect(worstOf(preflight.state.get())?.name).toBe('ringtone')
  })

  test('takes a single step again, and goes on with what was waiting', async () => {
    const { preflight, taken, found, states } = check(
      { microphone: { state: 'failed', problem: 'missing' } },
      { microphone: { hard: true } },
    )
    await preflight.run()
    found.microphone = { state: 'ok', detail: 'Jabra' }
    taken.splice(0)
    await preflight.again('microphone')
    expect(taken).toEqual(stepNames.slice(1)) // the permission was well and stays so
    expect(states()[1]).toBe('microphone ok')
    taken.splice(0)
    await preflight.again('clock')
    expect(taken).toEqual(['clock'])
  })

  test('before the first run there is nothing to take again', async () => {
    const { preflight, taken } = check({})
    await preflight.again('clock')
    expect(taken).toEqual([])
    expect(preflight.state.get().phase).toBe('idle')
  })

  test('takes only what concerns the page', async () => {
    const preflight = new Preflight(() => ({ clock: step(async () => fine) }), plainTimers)
    await preflight.run()
    expect(preflight.state.get().steps.map(({ name }) => name)).toEqual(['clock'])
  })
})

describe('a step', () => {
  test('that does not end is given up, and what it holds is let go', async () => {
    let aborted = false
    const stuck = step(
      async (signal) =>
        new Promise<Finding>(() => signal.addEventListener('abort', () => (aborted = true), { once: true })),
      { limit: 3000, late: 'no_media' },
    )
    const preflight = new Preflight(() => ({ media: stuck, clock: step(async () => fine) }), plainTimers)
    const ran = preflight.run()
    await vi.advanceTimersByTimeAsync(2999)
    expect(preflight.state.get().steps[0]?.state).toBe('running')
    await vi.advanceTimersByTimeAsync(1)
    await ran
    expect(aborted).toBe(true)
    expect(preflight.state.get().steps.map(({ state, problem }) => state + problem)).toEqual(['failedno_media', 'ok'])
  })

  test('says what it waits for, and that is the problem if it comes too late', async () => {
    const asks = step(
      async (_, hint) => {
        hint('unanswered')
        return new Promise<Finding>(() => {})
      },
      { late: 'late' },
    )
    const preflight = new Preflight(() => ({ permission: asks }), plainTimers)
    const ran = preflight.run()
    await vi.advanceTimersByTimeAsync(10)
    expect(preflight.state.get().steps[0]).toMatchObject({ state: 'running', problem: 'unanswered' })
    await vi.advanceTimersByTimeAsync(1000)
    await ran
    expect(preflight.state.get().steps[0]).toMatchObject({ state: 'failed', problem: 'unanswered' })
  })

  test('that breaks is a failure, not an end of the check', async () => {
    const preflight = new Preflight(
      () => ({ level: step(async () => Promise.reject(new Error('oops'))), clock: step(async () => fine) }),
      plainTimers,
    )
    await preflight.run()
    expect(preflight.state.get().steps.map(({ state, problem }) => state + problem)).toEqual(['failedbroken', 'ok'])
  })

  test("takes a person's word", async () => {
    const { preflight } = check({})
    await preflight.run()
    preflight.note('speaker', { state: 'failed', problem: 'not_heard' })
    expect(worstOf(preflight.state.get())).toMatchObject({ name: 'speaker', problem: 'not_heard' })
  })
})

describe('a run', () => {
  test('that is replaced says nothing any more', async () => {
    let answer: (found: Finding) => void = () => {}
    let runs = 0
    const slow = step(async () => {
      runs++
      return runs === 1 ? new Promise<Finding>((resolve) => (answer = resolve)) : fine
    })
    const preflight = new Preflight(() => ({ clock: slow }), plainTimers)
    const first = preflight.run()
    await vi.advanceTimersByTimeAsync(0)
    await preflight.run()
    answer({ state: 'failed', problem: 'skew' })
    await first
    expect(preflight.state.get()).toMatchObject({ phase: 'done', steps: [{ state: 'ok' }] })
  })

  test('that is stopped leaves nothing', async () => {
    const preflight = new Preflight(() => ({ clock: step(async () => new Promise(() => {})) }), plainTimers)
    const ran = preflight.run()
    await vi.advanceTimersByTimeAsync(0)
    preflight.stop()
    await ran
    expect(preflight.state.get()).toEqual({ phase: 'idle', steps: [] })
    expect(vi.getTimerCount()).toBe(0)
  })
})
