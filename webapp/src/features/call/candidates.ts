import type { OperatorFieldsFragment, QueueFieldsFragment } from '@/gql/graphql'

/** Why a colleague cannot be called; empty when they can. The words are in the locales under `colleague`. */
export type Absence = '' | 'busy' | 'wrapUp' | 'offline' | 'noPhone'

export interface Colleague {
  readonly operator: OperatorFieldsFragment
  readonly absence: Absence
}

/** A colleague on a pause can be called: whoever knows them decides. */
function absenceOf({ presence, phoneOnline }: OperatorFieldsFragment): Absence {
  switch (presence) {
    case 'OFFERED':
    case 'TALKING':
    case 'HELD':
      return 'busy'
    case 'WRAP_UP':
      return 'wrapUp'
    case 'OFFLINE':
      return 'offline'
    case 'READY':
    case 'PAUSED':
      return phoneOnline ? '' : 'noPhone'
  }
}

const matches = (text: string, ...names: string[]) => {
  const words = text.toLocaleLowerCase().split(/\s+/u).filter(Boolean)
  const within = names.join(' ').toLocaleLowerCase()
  return words.every((word) => within.includes(word))
}

/** The colleagues whose name or login has what was typed: those who can be called first, the ready before the paused. */
export function colleaguesFor(
  text: string,
  operators: readonly OperatorFieldsFragment[],
  me: string,
): readonly Colleague[] {
  const rank = ({ operator, absence }: Colleague) =>
    absence === '' ? (operator.presence === 'READY' ? 0 : 1) : absence === 'offline' ? 3 : 2
  return operators
    .filter(({ id, name, login }) => id !== me && matches(text, name, login))
    .map((operator) => ({ operator, absence: absenceOf(operator) }))
    .toSorted((a, b) => rank(a) - rank(b) || a.operator.name.localeCompare(b.operator.name))
}

export function queuesFor(text: string, queues: readonly QueueFieldsFragment[]): readonly QueueFieldsFragment[] {
  return queues.filter(({ name, key }) => matches(text, name, key))
}
