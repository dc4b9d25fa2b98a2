import type { PhoneErrorKind, PhoneHealthInput } from '@/gql/graphql'
import type { ProblemCode } from '@/lib/problem'
import type { Timers } from '@/lib/timers'

/** Something that went wrong in the page. */
export interface PageError {
  readonly kind: PhoneErrorKind
  readonly text: string
}

/** Sends a report; resolves to why it was not taken, or undefined when it was. */
export type Send = (input: PhoneHealthInput) => Promise<ProblemCode | undefined>

/** As many errors at most wait, and are sent at once; the oldest give way. */
const most = 20
/** Characters of a text. */
const longest = 160
/** An error tells the server soon, but not each by itself; milliseconds. */
const gather = 5000
/** Between two reports, unless the check has changed; milliseconds. */
const pause = 15_000

/** Takes out what may name a person: addresses, long numbers, what stands behind the host of an address. The server does so again. */
export function anonymous(text: string): string {
  return text
    .replaceAll(/\b(?:sips?|tel):[^\s"'<>)]+/giu, '…')
    .replaceAll(/[^\s"'<>(]+@[^\s"'<>)]+/gu, '…')
    .replaceAll(/\b((?:https?|wss?|blob):\/\/[^\s"'<>)/?#]+)[/?#][^\s"'<>)]*/giu, '$1/…')
    .replaceAll(/\b[0-9a-f]{16,}\b/giu, '…')
    .replaceAll(/\+?\d(?:[\s().-]{0,2}\d){4,}/gu, '…')
    .replaceAll(/\s+/gu, ' ')
    .trim()
    .slice(0, longest)
}

/**
 * Tells the server how the phone is: the last check at once, errors gathered, bounded and rate limited. What could not be sent is kept
 * and sent later; of checks only the last.
 */
export class HealthReporter {
  readonly #send: Send
  readonly #timers: Timers
  #check: PhoneHealthInput['check'] | undefined
  #errors: PageError[] = []
  /** Texts told within the last pause: an error that repeats is told once. */
  readonly #told = new Set<string>()
  #sending = false
  #cancel: (() => void) | undefined
  #failures = 0

  constructor(send: Send, timers: Timers) {
    this.#send = send
    this.#timers = timers
  }

  /** The check as it is now. */
  check(check: NonNullable<PhoneHealthInput['check']>): void {
    this.#check = check
    this.#plan(0)
  }

  error(kind: PhoneErrorKind, message: string): void {
    const text = anonymous(message)
    if (text === '' || this.#told.has(`${kind} ${text}`) || this.#told.size >= most) return
    this.#told.add(`${kind} ${text}`)
    this.#errors = [...this.#errors, { kind, text }].slice(-most)
    if (!this.#cancel) this.#plan(gather)
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#check = undefined
    this.#errors = []
  }

  #plan(milliseconds: number): void {
    this.#cancel?.()
    this.#cancel = this.#timers.after(milliseconds, () => {
      this.#cancel = undefined
      void this.#flush()
    })
  }

  async #flush(): Promise<void> {
    if (this.#sending || (!this.#check && this.#errors.length === 0)) {
      if (!this.#sending) this.#told.clear()
      return
    }
    const [check, errors] = [this.#check, this.#errors]
    this.#check = undefined
    this.#errors = []
    this.#sending = true
    const refused = await this.#send({ check: check ?? null, errors })
    this.#sending = false
    const again = refused !== undefined && refused !== 'BAD_USER_INPUT' && refused !== 'FORBIDDEN'
    this.#failures = again ? this.#failures + 1 : 0
    if (again) {
      this.#check ??= check // a newer one may have come meanwhile
      this.#errors = [...errors, ...this.#errors].slice(-most)
    }
    if (this.#cancel) return
    // Also with nothing to send: then what was told may be told again.
    this.#plan(this.#check && !again ? 0 : pause * Math.min(4, 1 + this.#failures))
  }
}
