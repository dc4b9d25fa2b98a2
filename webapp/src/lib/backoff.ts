interface BackoffOptions {
  /** Longest time before the first new try; milliseconds. */
  readonly first: number
  /** Longest time before any; milliseconds. */
  readonly most: number
}

/** Time before new try number n (from 0): doubling, and never in step with the other pages. */
export function backoff(n: number, { first, most }: BackoffOptions, random: () => number = Math.random): number {
  const ceiling = Math.min(most, first * 2 ** Math.min(n, 30))
  return ceiling / 2 + (random() * ceiling) / 2
}
