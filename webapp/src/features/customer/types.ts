/** Dialling as the card needs it. */
export interface DialFunction {
  /** Why nothing can be dialled now, in words; empty when it can. */
  readonly reason: string
  readonly dial: (number: string, customerId?: string) => void
}
