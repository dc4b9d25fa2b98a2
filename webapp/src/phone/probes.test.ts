import { beforeEach, describe, expect, test, vi } from 'vitest'
import { plainTimers } from '@/lib/timers'
import { Preflight, type StepName } from './preflight'
import { planOf, type ProbeParts } from './probes'
import { MicrophoneError, type MicrophoneProblem } from './types'
import type { LineView } from './view'

const stream = (label = 'Jabra Evolve2', muted = false) => {
  const track = { label, muted, stop: vi.fn<() => void>() }
  return { getTracks: () => [track], getAudioTracks: () => [track] } as unknown as MediaStream
}

/** Parts of a phone where all is well. */
function well(more: Partial<ProbeParts> = {}): ProbeParts {
  return {
    microphone: { open: async () => stream(), watch: () => () => {} },
    permission: async () => 'granted',
    outputs: async () => 2,
    sound: {
      allowed: async () => true,
      listen: () => ({ samples: () => new Float32Array(1024).fill(0.01), close: () => {} }),
      loopback: async () => true,
    },
    volume: () => 0.7,
    notifications: () => 'granted',
    line: { get: () => 'ready', watch: () => () => {}, urls: () => ['wss://pbx.example/ws'] },
    connect: async () => {},
    echo: async () => ({ state: 'ok', detail: '40 ms' }),
    serverTime: async () => Date.now(),
    timers: plainTimers,
    now: Date.now,
    ...more,
  }
}

async function check(parts: ProbeParts) {
  const preflight = new Preflight(() => planOf(parts), plainTimers)
  const ran = preflight.run()
  await vi.advanceTimersByTimeAsync(200_000)
  await ran
  const steps = new Map(preflight.state.get().steps.map((step) => [step.name, step]))
  return (name: StepName) => {
    const step = steps.get(name)
    return step ? `${step.state} ${step.problem || step.detail}`.trim() : 'absent'
  }
}

const blocked = (problem: MicrophoneProblem) => ({
  open: async () => Promise.reject(new MicrophoneError(problem)),
  watch: () => () => {},
})

beforeEach(() => {
  vi.useFakeTimers()
  return () => vi.useRealTimers()
})

describe('the probes', () => {
  test('find that all is well', async () => {
    const of = await check(well())
    expect(of('permission')).toBe('ok')
    expect(of('microphone')).toBe('ok Jabra Evolve2')
    expect(of('level')).toBe('ok −40 dB')
    expect(of('media')).toBe('ok 40 ms')
    expect(of('clock')).toBe('ok 0.0 s')
  })

  test.each([
    ['denied', 'failed denied', 'waiting'],
    ['insecure', 'failed insecure', 'waiting'],
    ['missing', 'ok', 'failed missing'],
    ['busy', 'ok', 'failed busy'],
    ['failed', 'ok', 'failed broken'],
  ] as const)('a microphone that is %s', async (problem, permission, microphone) => {
    const of = await check(well({ microphone: blocked(problem) }))
    expect(of('permission')).toBe(permission)
    expect(of('microphone')).toBe(microphone)
    expect(of('clock')).toBe('waiting') // it is hard
  })

  test('a permission denied for good is known without asking', async () => {
    const open = vi.fn<() => Promise<MediaStream>>()
    const of = await check(well({ permission: async () => 'denied', microphone: { open, watch: () => () => {} } }))
    expect(of('permission')).toBe('failed denied')
    expect(open).not.toHaveBeenCalled()
  })

  test('a question of the browser that nobody answers', async () => {
    const never = { open: async () => new Promise<MediaStream>(() => {}), watch: () => () => {} }
    const of = await check(well({ permission: async () => 'prompt', microphone: never }))
    expect(of('permission')).toBe('failed unanswered')
  })

  test('digital silence is told from a quiet room, and a switch from a dead microphone', async () => {
    const hears = (value: number) => ({
      ...well().sound,
      listen: () => ({ samples: () => new Float32Array(1024).fill(value), close: () => {} }),
    })
    expect((await check(well({ sound: hears(0) })))('level')).toBe('failed zeros')
    expect((await check(well({ sound: hears(0.0001) })))('level')).toBe('ok −80 dB')
    const off = { open: async () => stream('Jabra', true), watch: () => () => {} }
    expect((await check(well({ sound: hears(0), microphone: off })))('level')).toBe('failed muted')
  })

  test('the level is taken from the microphone as it is', async () => {
    const open = vi.fn<(options?: { raw?: boolean }) => Promise<MediaStream>>(async () => stream())
    await check(well({ microphone: { open, watch: () => () => {} } }))
    expect(open).toHaveBeenCalledWith({ raw: true })
  })

  test('where the browser forbids sound, nothing that needs it is taken', async () => {
    const of = await check(well({ sound: { ...well().sound, allowed: async () => false } }))
    expect(of('ringtone')).toBe('failed sound_blocked')
    for (const name of ['level', 'speaker', 'media'] as const) expect(of(name)).toBe('waiting')
    expect(of('registration')).toBe('ok')
  })

  test('a ringer at volume zero', async () => {
    const of = await check(well({ volume: () => 0 }))
    expect(of('ringtone')).toBe('warn volume_zero')
    expect(of('speaker')).toBe('ok')
  })

  test('no output device, and one that takes no sound', async () => {
    expect((await check(well({ outputs: async () => 0 })))('speaker')).toBe('failed no_output')
    expect((await check(well({ outputs: async () => undefined })))('speaker')).toBe('ok')
    const deaf = { ...well().sound, loopback: async () => false }
    expect((await check(well({ sound: deaf })))('speaker')).toBe('failed no_output')
  })

  test.each(['default', 'denied', 'unsupported'] as const)('notifications that are %s', async (state) => {
    expect((await check(well({ notifications: () => state })))('notifications')).toBe(`warn notifications_${state}`)
  })

  test('no session, no socket, no registration', async () => {
    const line = (view: LineView, urls: string[] = ['wss://pbx.example/ws']) => ({
      get: () => view,
      watch: () => () => {},
      urls: () => urls,
    })
    expect((await check(well({ line: line('unserved', []) })))('connection')).toBe('failed no_session')
    const refused = async () => Promise.reject(new Error('no'))
    const of = await check(well({ line: line('reconnecting'), connect: refused }))
    expect(of('connection')).toBe('failed no_socket')
    expect(of('registration')).toBe('waiting')
    expect((await check(well({ line: line('reconnecting') })))('registration')).toBe('failed not_registered')
  })

  test('one address of the PBX is enough', async () => {
    const line = { get: () => 'ready' as const, watch: () => () => {}, urls: () => ['wss://dead/ws', 'wss://alive/ws'] }
    const connect = async (url: string) => (url.includes('dead') ? Promise.reject(new Error('no')) : undefined)
    expect((await check(well({ line, connect })))('connection')).toMatch(/^ok/u)
  })

  test('a phone that registers a little later is waited for', async () => {
    let view: LineView = 'starting'
    let changed: () => void = () => {}
    const line = {
      get: () => view,
      watch: (listener: () => void) => {
        changed = listener
        return () => {}
      },
      urls: () => ['wss://pbx.example/ws'],
    }
    setTimeout(() => {
      view = 'ready'
      changed()
    }, 3000)
    expect((await check(well({ line })))('registration')).toBe('ok')
  })

  test('a clock that is wrong, and a server that does not answer', async () => {
    expect((await check(well({ serverTime: async () => Date.now() - 90_000 })))('clock')).toBe('warn skew')
    expect((await check(well({ serverTime: async () => Promise.reject(new Error('no')) })))('clock')).toBe(
      'warn unreachable',
    )
  })

  test('a simulated phone needs neither microphone nor PBX', async () => {
    const line = { get: () => 'simulated' as const, watch: () => () => {}, urls: () => [] }
    const of = await check(well({ line, microphone: blocked('missing') }))
    for (const name of ['permission', 'microphone', 'level', 'connection', 'registration', 'media'] as const)
      expect(of(name)).toBe('absent')
    expect(of('ringtone')).toBe('ok')
  })
})
