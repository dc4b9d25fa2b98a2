/** Tells the server's time, so that timers agree with the server on a machine whose clock is wrong. */
export class Clock {
  #skew = 0
  readonly #local: () => number

  constructor(local: () => number = Date.now) {
    this.#local = local
  }

  /** Milliseconds since the epoch, by the server's clock. */
  now(): number {
    return this.#local() + this.#skew
  }

  /** Takes the server's time as just told by it. Differences below a quarter of a second are the network's and are left alone. */
  learn(serverTime: string): void {
    const at = Date.parse(serverTime)
    if (Number.isNaN(at)) return
    const skew = at - this.#local()
    if (Math.abs(skew - this.#skew) > 250) this.#skew = skew
  }
}
