import type { ProbeParts } from '@/phone/probes'

/** What a check needs a browser for, where all is well. */
export function wellProbes(parts: ProbeParts): ProbeParts {
  return {
    ...parts,
    permission: async () => 'granted',
    outputs: async () => 2,
    sound: {
      allowed: async () => true,
      listen: () => ({ samples: () => new Float32Array(16).fill(0.01), close: () => {} }),
      loopback: async () => true,
    },
    notifications: () => 'granted',
    connect: async () => {},
    echo: async () => ({ state: 'ok', detail: '42 ms' }),
  }
}
