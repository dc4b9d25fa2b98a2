// What an administrator has typed of a connector. No React here.
import type { ConnectorDraftInput, ConnectorFieldsFragment } from '@/gql/pages/graphql'
import { hiddenSecrets, isObject, type Field, type Settings } from './fields'

export interface Draft {
  readonly id: string
  readonly kind: string
  readonly name: string
  readonly config: Settings
  /** By path: what was typed, or null to take a stored one away. Those not named stay. */
  readonly secrets: Readonly<Record<string, string | null>>
  readonly index: boolean
  readonly disabled: boolean
  /** 0: a new one. */
  readonly version: number
}

export function newDraft(kind: string, id: string): Draft {
  return { id, kind, name: '', config: {}, secrets: {}, index: true, disabled: false, version: 0 }
}

export function draftOf(connector: ConnectorFieldsFragment): Draft {
  const { id, kind, name, config, index, state, version } = connector
  const disabled = state === 'DISABLED'
  return { id, kind, name, config: isObject(config) ? config : {}, secrets: {}, index, disabled, version }
}

/** What a form is about. */
export interface Form {
  readonly fields: readonly Field[]
  readonly preset: Settings
  /** Paths of the secrets that are set. */
  readonly stored: readonly string[]
}

/**
 * A draft as the server takes it. What is set and belongs to a way in that was left is taken away: it is of no use, and the server would
 * ask for it again.
 */
export function inputOf({ secrets, ...draft }: Draft, { fields, preset, stored }: Form): ConnectorDraftInput {
  const paths = [...new Set([...Object.keys(secrets), ...stored])]
  const hidden = hiddenSecrets(fields, draft.config, preset, paths)
  const given = [
    ...Object.entries(secrets).filter(([path, value]) => value !== '' && !hidden.includes(path)),
    ...stored.filter((path) => hidden.includes(path)).map((path) => [path, null] as const),
  ]
  return { ...draft, name: draft.name.trim(), secrets: given.map(([path, value]) => ({ path, value })) }
}
