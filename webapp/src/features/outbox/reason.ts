/** The reasons that the page has words for; a server of another version may know more. */
const reasons = [
  'BAD_USER_INPUT',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'CONFLICT',
  'UNAVAILABLE',
  'TIMEOUT',
  'RATE_LIMITED',
  'REJECTED',
  'UNSUPPORTED',
  'INTERNAL',
] as const
type Reason = (typeof reasons)[number]

export function isKnownReason(code: string): code is Reason {
  return (reasons as readonly string[]).includes(code)
}
