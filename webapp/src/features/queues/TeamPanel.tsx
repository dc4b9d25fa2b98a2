import { useQuery } from '@apollo/client/react'
import { useTranslation } from 'react-i18next'
import { Panel } from '@/components/Panel'
import { SignMark } from '@/components/SignMark'
import { signOfPresence, signOfStage, type Stage } from '@/feed/model'
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
  const special = stagesOf(floor?.calls ?? [])
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
    const stage = special.get(operator.id)
    return stage === undefined ? signOfPresence(operator.presence) : signOfStage(stage)
  }

  function word(operator: OperatorFieldsFragment): string {
    const stage = special.get(operator.id)
    return stage === undefined ? t(`presence.${operator.presence}`) : t(`stage.${stage}`)
  }

  function describe(operator: OperatorFieldsFragment): string {
    return operator.presence === 'PAUSED' && operator.pauseReason
      ? `${word(operator)}: ${operator.pauseReason.name}`
      : word(operator)
  }
}

type SpecialStage = Extract<Stage, 'consulting' | 'conference' | 'rescuing'>

/** Who is in a consultation or a conference, or has lost the voice of a call, as far as their calls may be seen. */
function stagesOf(calls: readonly WaitingFieldsFragment[]): ReadonlyMap<string, SpecialStage> {
  const found = new Map<string, SpecialStage>()
  for (const { state, operator, consult } of calls) {
    if (state === 'RESCUING' && operator) found.set(operator.id, 'rescuing')
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
