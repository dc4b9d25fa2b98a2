// What an administrator has typed of a connector. No React here.
import type { ConnectorDraftInput, ConnectorFieldsFragment } from '@/gql/pages/graphql'
import { isObject, type Settings } from './fields'

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

/** A draft as the server takes it. */
export function inputOf({ secrets, ...draft }: Draft): ConnectorDraftInput {
  const given = Object.entries(secrets).filter(([, value]) => value !== '')
  return { ...draft, name: draft.name.trim(), secrets: given.map(([path, value]) => ({ path, value })) }
}
