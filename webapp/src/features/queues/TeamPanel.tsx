import { useQuery } from '@apollo/client/react'
import { useTranslation } from 'react-i18next'
import { Panel } from '@/components/Panel'
import { SignMark } from '@/components/SignMark'
import { signOfPresence } from '@/feed/model'
import { OperatorsDocument, type OperatorFieldsFragment, type Presence } from '@/gql/graphql'
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
  const others = (data?.operators ?? []).filter((operator) => operator.id !== operatorId)
  const here = others.filter((operator) => operator.presence !== 'OFFLINE').toSorted(byPresence)
  const away = others.length - here.length

  return (
    <Panel title={t('team.title')} className={classes['panel']}>
      {here.length === 0 && <p className={classes['empty']}>{t('team.none')}</p>}
      <ul aria-label={t('team.title')}>
        {here.map((operator) => (
          <li key={operator.id} className={classes['mate']} title={describe(operator)}>
            <SignMark sign={signOfPresence(operator.presence)} label={t(`presence.${operator.presence}`)} />
            <span className={classes['mateName']}>{operator.name}</span>
            <MateQuality operatorId={operator.id} />
            <Elapsed since={operator.since} className={classes['time']} />
          </li>
        ))}
      </ul>
      {away > 0 && here.length > 0 && <p className={classes['small']}>{t('team.away', { count: away })}</p>}
    </Panel>
  )

  function describe(operator: OperatorFieldsFragment): string {
    const word = t(`presence.${operator.presence}`)
    return operator.presence === 'PAUSED' && operator.pauseReason ? `${word}: ${operator.pauseReason.name}` : word
  }
}

function byPresence(a: OperatorFieldsFragment, b: OperatorFieldsFragment): number {
  return order.indexOf(a.presence) - order.indexOf(b.presence) || a.name.localeCompare(b.name)
}
