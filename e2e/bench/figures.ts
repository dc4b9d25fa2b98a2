/** The value that the part q (0 to 1) of the values does not exceed: the nearest rank, as bench/figure has it. */
export function quantile(values: readonly number[], q: number): number {
  return values.toSorted((a, b) => a - b)[Math.max(Math.ceil(q * values.length) - 1, 0)] ?? Number.NaN
}

/** Prints a figure as bench/figure does, and tells whether it reaches its target. */
export function printFigure(name: string, value: number, target: number): boolean {
  const ok = value <= target // what is no number is short
  console.log(`FIGURE ${name.padEnd(22)} ${value.toFixed(3).padStart(9)} <=${String(target).padEnd(8)} ${ok ? 'ok' : 'short'}`)
  return ok
}

/** Prints the spread of a measurement, for people. */
export function printSpread(what: string, values: readonly number[]): void {
  const [p50, p95, max] = [0.5, 0.95, 1].map((q) => quantile(values, q).toFixed(0))
  console.log(`${what}, n ${values.length}: p50 ${p50}  p95 ${p95}  max ${max} ms`)
}
