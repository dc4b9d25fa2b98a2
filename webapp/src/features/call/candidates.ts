import type { OperatorFieldsFragment, QueueFieldsFragment } from '@/gql/graphql'

/** Why a colleague cannot be called; empty when they can. The words are in the locales under `colleague`. */
export type Absence = '' | 'offered' | 'offline' | 'noPhone'
/** What a colleague is at who can be called nevertheless; empty when nothing. The words are there as well. */
export type Engagement = '' | 'talking' | 'held' | 'wrapUp'

export interface Colleague {
  readonly operator: OperatorFieldsFragment
  readonly absence: Absence
  readonly engagement: Engagement
}

/**
 * A colleague on a pause can be called: whoever knows them decides. So can one in a call: it becomes their second. Whether they have
 * two already, or are in a consultation, only the server knows, and says.
 */
function absenceOf({ presence, availability, phoneOnline }: OperatorFieldsFragment): Absence {
  if (presence === 'OFFLINE' || availability === 'OFFLINE') return 'offline'
  if (!phoneOnline) return 'noPhone'
  return presence === 'OFFERED' ? 'offered' : ''
}

function engagementOf({ presence }: OperatorFieldsFragment): Engagement {
  switch (presence) {
    case 'TALKING':
      return 'talking'
    case 'HELD':
      return 'held'
    case 'WRAP_UP':
      return 'wrapUp'
    case 'OFFERED':
    case 'OFFLINE':
    case 'READY':
    case 'PAUSED':
      return ''
  }
}

const matches = (text: string, ...names: string[]) => {
  const words = text.toLocaleLowerCase().split(/\s+/u).filter(Boolean)
  const within = names.join(' ').toLocaleLowerCase()
  return words.every((word) => within.includes(word))
}

/** The colleagues whose name or login has what was typed: the ready, the paused, those with a call, those who cannot be called. */
export function colleaguesFor(
  text: string,
  operators: readonly OperatorFieldsFragment[],
  me: string,
): readonly Colleague[] {
  const rank = ({ operator, absence, engagement }: Colleague) => {
    if (absence !== '') return absence === 'offline' ? 4 : 3
    return engagement !== '' ? 2 : operator.presence === 'READY' ? 0 : 1
  }
  return operators
    .filter(({ id, name, login }) => id !== me && matches(text, name, login))
    .map((operator) => ({ operator, absence: absenceOf(operator), engagement: engagementOf(operator) }))
    .toSorted((a, b) => rank(a) - rank(b) || a.operator.name.localeCompare(b.operator.name))
}

export function queuesFor(text: string, queues: readonly QueueFieldsFragment[]): readonly QueueFieldsFragment[] {
  return queues.filter(({ name, key }) => matches(text, name, key))
}
