import { useQuery } from '@apollo/client/react'
import { useTranslation } from 'react-i18next'
import { Panel } from '@/components/Panel'
import { SignMark } from '@/components/SignMark'
import { signOfPresence } from '@/feed/model'
import {
  OperatorsDocument,
  WaitingCallsDocument,
  type OperatorFieldsFragment,
  type Presence,
  type WaitingFieldsFragment,
} from '@/gql/graphql'
import type { Sign } from '@/lib/sign'
import { Elapsed } from '@/session/Elapsed'
import { useServices } from '@/session/context'
import { MateQuality } from './MateQuality'
import classes from './Queues.module.css'

const order: readonly Presence[] = ['READY', 'OFFERED', 'TALKING', 'HELD', 'WRAP_UP', 'PAUSED', 'OFFLINE']

/** The colleagues and what they are doing. Those who are away are only counted. */
export function TeamPanel() {
  const { t } = useTranslation()
  const { operatorId } = useServices()
  const { data } = useQuery(OperatorsDocument, { fetchPolicy: 'cache-only' })
  const floor = useQuery(WaitingCallsDocument, { fetchPolicy: 'cache-only' }).data
  const together = inThrees(floor?.calls ?? [])
  const others = (data?.operators ?? []).filter((operator) => operator.id !== operatorId)
  const here = others.filter((operator) => operator.presence !== 'OFFLINE').toSorted(byPresence)
  const away = others.length - here.length

  return (
    <Panel title={t('team.title')} className={classes['panel']}>
      {here.length === 0 && <p className={classes['empty']}>{t('team.none')}</p>}
      <ul aria-label={t('team.title')}>
        {here.map((operator) => (
          <li key={operator.id} className={classes['mate']} title={describe(operator)}>
            <SignMark sign={signOf(operator)} label={word(operator)} />
            <span className={classes['mateName']}>{operator.name}</span>
            <MateQuality operatorId={operator.id} />
            <Elapsed since={operator.since} className={classes['time']} />
          </li>
        ))}
      </ul>
      {away > 0 && here.length > 0 && <p className={classes['small']}>{t('team.away', { count: away })}</p>}
    </Panel>
  )

  function signOf(operator: OperatorFieldsFragment): Sign {
    return together.get(operator.id) ?? signOfPresence(operator.presence)
  }

  function word(operator: OperatorFieldsFragment): string {
    const stage = together.get(operator.id)
    return stage === undefined ? t(`presence.${operator.presence}`) : t(`stage.${stage}`)
  }

  function describe(operator: OperatorFieldsFragment): string {
    return operator.presence === 'PAUSED' && operator.pauseReason
      ? `${word(operator)}: ${operator.pauseReason.name}`
      : word(operator)
  }
}

/** Who is in a consultation or a conference, as far as their calls may be seen. */
function inThrees(calls: readonly WaitingFieldsFragment[]): ReadonlyMap<string, 'consulting' | 'conference'> {
  const found = new Map<string, 'consulting' | 'conference'>()
  for (const { state, operator, consult } of calls) {
    if (!consult || consult.blind || (state !== 'CONSULTING' && state !== 'CONFERENCE')) continue
    const stage = state === 'CONFERENCE' ? 'conference' : 'consulting'
    if (operator) found.set(operator.id, stage)
    if (consult.operator && consult.reached) found.set(consult.operator.id, stage)
  }
  return found
}

function byPresence(a: OperatorFieldsFragment, b: OperatorFieldsFragment): number {
  return order.indexOf(a.presence) - order.indexOf(b.presence) || a.name.localeCompare(b.name)
}
