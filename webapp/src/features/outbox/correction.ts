import type { EditOutboxEntryInput } from '@/gql/pages/graphql'
import type { Entry } from './use-outbox'

/** What a person put right in the dialog. */
export interface Draft {
  readonly number: string
  readonly comment: string
  /** undefined: as it is; null: nobody. */
  readonly customerId: string | null | undefined
}

export const draftOf = (entry: Entry): Draft => ({
  number: entry.number?.display ?? '',
  comment: entry.comment,
  customerId: undefined,
})

/** Only what was changed is sent: the rest goes on following the call. */
export function correctionOf(entry: Entry, draft: Draft): EditOutboxEntryInput {
  const before = draftOf(entry)
  return {
    id: entry.id,
    ...(draft.number.trim() === before.number ? {} : { number: draft.number.trim() }),
    ...(draft.comment === before.comment ? {} : { comment: draft.comment }),
    ...(draft.customerId === undefined ? {} : { customerId: draft.customerId ?? '' }),
  }
}

/** The fields that the server did not accept, as it names them. */
export const isWrong = (fields: readonly string[] | undefined, field: 'number' | 'comment' | 'customerId'): boolean =>
  fields?.includes(field) ?? false
