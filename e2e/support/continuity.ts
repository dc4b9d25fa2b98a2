import { expect } from '@playwright/test'
import { operatorTone, type Customer } from './stand.ts'

/** Milliseconds between two looks. */
const lookEvery = 60

/**
 * Listens at the customer's ear, over and over, while something happens, and tells the longest time without the operator's voice, in
 * milliseconds: from the last look that heard it to the next one that did, so it is never shorter than it was.
 */
async function longestGap(customer: Customer, happens: () => Promise<void>): Promise<number> {
  let [over, missed, longest, heardAt] = [false, false, 0, Date.now()]
  const listening = (async () => {
    while (!over) {
      const { hears } = await customer.state(operatorTone)
      const heard = hears[String(operatorTone)] === true
      if (missed) longest = Math.max(longest, Date.now() - heardAt)
      missed = !heard
      if (heard) heardAt = Date.now()
      await new Promise((resolve) => setTimeout(resolve, lookEvery))
    }
  })()
  try {
    await happens()
  } finally {
    over = true
    await listening
  }
  return longest
}

/**
 * The customer hears the operator all the while. A talk that broke and was fetched back is silent for longer: the loss has to be noticed,
 * the phone called and the media found again. How short the gap is on a quiet machine is for a benchmark to say.
 */
export async function withoutGap(customer: Customer, happens: () => Promise<void>): Promise<void> {
  expect(await longestGap(customer, happens), 'milliseconds without the operator').toBeLessThan(1000)
}
