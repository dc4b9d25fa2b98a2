import { CombinedGraphQLErrors, ServerError } from '@apollo/client/errors'

/** The server's error codes (extensions.code), and two of our own for when there was no answer. */
export type ProblemCode =
  | 'BAD_USER_INPUT'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'UNAVAILABLE'
  | 'TIMEOUT'
  | 'RATE_LIMITED'
  | 'REJECTED'
  | 'UNSUPPORTED'
  | 'INTERNAL'
  | 'UNREACHABLE'

/** What went wrong with a request, ready to be put into words. */
export interface Problem {
  code: ProblemCode
  /** The server's own words, fit to show; may be empty. */
  message: string
  /** BAD_USER_INPUT: the fields that are wrong. */
  fields?: readonly string[]
  /** And what is wrong with each, in the server's words. */
  details?: Readonly<Record<string, string>>
  /** RATE_LIMITED: seconds to wait, where the server said so. */
  retryAfter?: number
  /** INTERNAL: what to quote to the administrator. */
  trace?: string
}

const codes: ReadonlySet<string> = new Set<ProblemCode>([
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
])

function isCode(value: unknown): value is ProblemCode {
  return typeof value === 'string' && codes.has(value)
}

/** Turns whatever a request threw into a Problem. */
export function problemOf(error: unknown): Problem {
  if (CombinedGraphQLErrors.is(error)) {
    const first = error.errors[0]
    const extensions = first?.extensions ?? {}
    const problem: Problem = {
      code: isCode(extensions['code']) ? extensions['code'] : 'INTERNAL',
      message: first?.message ?? '',
    }
    const fields = extensions['fields']
    if (typeof fields === 'object' && fields !== null) {
      problem.fields = Object.keys(fields)
      problem.details = Object.fromEntries(Object.entries(fields).map(([field, words]) => [field, String(words)]))
    }
    const wait = extensions['retryAfter']
    if (typeof wait === 'number' && wait > 0) problem.retryAfter = Math.ceil(wait)
    const trace = extensions['traceId'] ?? extensions['trace']
    if (typeof trace === 'string') problem.trace = trace
    return problem
  }
  if (ServerError.is(error)) {
    if (error.statusCode === 401) return { code: 'UNAUTHENTICATED', message: '' }
    if (error.statusCode === 429) {
      const wait = Number(error.response.headers.get('Retry-After'))
      return wait > 0 ? { code: 'RATE_LIMITED', message: '', retryAfter: wait } : { code: 'RATE_LIMITED', message: '' }
    }
    return { code: error.statusCode >= 500 ? 'UNAVAILABLE' : 'INTERNAL', message: '' }
  }
  if (error instanceof DOMException && error.name === 'TimeoutError') return { code: 'TIMEOUT', message: '' }
  return { code: 'UNREACHABLE', message: '' }
}
