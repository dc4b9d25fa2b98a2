import { useQuery } from '@apollo/client/react'
import { useTranslation } from 'react-i18next'
import { Take } from '@/components/icons'
import { Panel } from '@/components/Panel'
import { waitingStates } from '@/feed/model'
import { WaitingCallsDocument } from '@/gql/graphql'
import { Elapsed } from '@/session/Elapsed'
import { useCommandState, useServices } from '@/session/context'
import { useDial } from '@/session/use-dial'
import classes from './Queues.module.css'

/** Customers that wait now, first in line first. */
export function WaitingPanel() {
  const { t } = useTranslation()
  const { commands, operatorId } = useServices()
  const { pending } = useCommandState()
  const { reason } = useDial() // what keeps from dialling keeps from taking a call, too
  const { data } = useQuery(WaitingCallsDocument, { fetchPolicy: 'cache-only' })
  const calls = (data?.calls ?? [])
    .filter((call) => call.direction === 'INBOUND' && waitingStates.has(call.state))
    .filter((call) => call.operator?.id !== operatorId) // what rings here is on the screen already
    .toSorted((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt))

  return (
    <Panel title={t('waiting.title')} className={classes['panel']}>
      {calls.length === 0 ? (
        <p className={classes['empty']}>{t('waiting.none')}</p>
      ) : (
        <ul aria-label={t('waiting.title')}>
          {calls.map((call) => {
            const who = call.customer?.name || call.from.name || call.from.number.display || t('match.anonymous')
            const offered = call.state === 'OFFERED' || call.state === 'RINGING'
            return (
              <li key={call.id} className={classes['waiting']}>
                <span className={classes['who']}>
                  <span className={`${classes['name']} num`}>{who}</span>
                  <span className={classes['small']}>
                    {call.queue?.name}
                    {offered && call.operator && ` → ${call.operator.name}`}
                  </span>
                </span>
                <Elapsed since={call.startedAt} className={classes['time']} />
                <button
                  type="button"
                  className={classes['take']}
                  aria-label={t('waiting.take', { who })}
                  title={reason || t('waiting.take', { who })}
                  disabled={offered || reason !== '' || pending.has('take')}
                  onClick={() => {
                    void commands.take(call.id)
                  }}
                >
                  <Take size={16} aria-hidden />
                </button>
              </li>
            )
          })}
        </ul>
      )}
    </Panel>
  )
}
