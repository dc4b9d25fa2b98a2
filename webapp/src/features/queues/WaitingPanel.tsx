import { useQuery } from '@apollo/client/react'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import { Take } from '@/components/icons'
import { Panel } from '@/components/Panel'
import { customerParty, isDialled, waitingStates } from '@/feed/model'
import { WaitingCallsDocument, type WaitingFieldsFragment } from '@/gql/graphql'
import { Elapsed, Remaining } from '@/session/Elapsed'
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
    .filter((call) => !isDialled(call) && !call.parked && waitingStates.has(call.state))
    .filter((call) => call.operator?.id !== operatorId) // what rings here is on the screen already
    .toSorted((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt))

  const parked = (data?.calls ?? [])
    .filter((call) => call.parked)
    .toSorted((a, b) => Date.parse(a.parked?.since ?? '') - Date.parse(b.parked?.since ?? ''))

  return (
    <Panel title={t('waiting.title')} className={classes['panel']}>
      {calls.length === 0 ? (
        <p className={classes['empty']}>{t('waiting.none')}</p>
      ) : (
        <ul aria-label={t('waiting.title')}>
          {calls.map((call) => {
            const who = nameOf(call) || t('match.anonymous')
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
      {parked.length > 0 && (
        <>
          <h3 className={classes['parkedTitle']}>{t('parked.title')}</h3>
          <ul aria-label={t('parked.title')}>
            {parked.map((call) => (
              <ParkedCall key={call.id} call={call} reason={reason} />
            ))}
          </ul>
        </>
      )}
    </Panel>
  )
}

/** A call that waits for whoever picks it up, wherever it came from. */
function ParkedCall({ call, reason }: { call: WaitingFieldsFragment; reason: string }) {
  const { t } = useTranslation()
  const { commands } = useServices()
  const { pending } = useCommandState()
  const id = useId()
  const { parked } = call
  if (!parked) return null
  const taking = pending.get('take')?.callId === call.id
  return (
    <li className={classes['waiting']}>
      <span className={classes['who']} id={id}>
        <span className={`${classes['name']} num`}>{nameOf(call) || t('match.anonymous')}</span>
        <span className={classes['small']}>
          {parked.by ? t('parked.by', { name: parked.by.name }) : call.queue?.name} <Elapsed since={parked.since} />
        </span>
        <span className={classes['small']}>
          {t('parked.returns')} <Remaining until={parked.until} />
        </span>
      </span>
      <button
        type="button"
        className={classes['pickUp']}
        aria-describedby={id}
        title={reason || undefined}
        disabled={reason !== '' || taking}
        onClick={() => {
          void commands.take(call.id)
        }}
      >
        {t('parked.pickUp')}
      </button>
    </li>
  )
}

function nameOf(call: WaitingFieldsFragment): string {
  const party = customerParty(call)
  return call.customer?.name || party.name || party.number.display
}
