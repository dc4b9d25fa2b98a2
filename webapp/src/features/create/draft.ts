import type { CreateCustomerInput, CustomerKind } from '@/gql/pages/graphql'
import type { Problem } from '@/lib/problem'

/** What somebody types of a new customer. */
export interface Draft {
  readonly systemId: string
  readonly kind: CustomerKind
  readonly name: string
  readonly company: string
  readonly number: string
  readonly email: string
  readonly taxId: string
  readonly comment: string
}

export const fields = ['name', 'company', 'number', 'email', 'taxId', 'comment'] as const
export type FieldName = (typeof fields)[number]

/** A draft with what is known of the caller. */
export function draftOf(known: { number: string; name: string; systemId: string }): Draft {
  // Some networks send the number for a name.
  const name = /\p{L}/u.test(known.name) ? known.name : ''
  return { kind: 'PERSON', company: '', email: '', taxId: '', comment: '', ...known, name }
}

/** The wish as the server takes it. A field left empty is not sent; a company has its name only once. */
export function inputOf(
  draft: Draft,
  wish: { key: string; callId: string | undefined; confirmed: boolean },
): CreateCustomerInput {
  const given = (text: string) => (text.trim() === '' ? null : text.trim())
  return {
    key: wish.key,
    callId: wish.callId ?? null,
    confirmed: wish.confirmed,
    systemId: draft.systemId,
    kind: draft.kind,
    name: draft.name.trim(),
    company: draft.kind === 'COMPANY' ? null : given(draft.company),
    taxId: given(draft.taxId),
    number: given(draft.number),
    email: given(draft.email),
    comment: given(draft.comment),
  }
}

/** The fields that the server named; those that the form does not have are about all of it. */
export function wrongFields(problem: Problem | undefined): ReadonlySet<FieldName> {
  return new Set(fields.filter((field) => problem?.fields?.includes(field)))
}
