/** Milliseconds between ticks. In a file of its own: the worker needs nothing else. */
export const tickInterval = 10_000
