import { Panel } from '@/components/Panel'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { customerParty, type CustomerInfo, type MyCall } from '@/feed/model'
import type { DialFunction } from './types'
import { CustomerCard } from './CustomerCard'
import classes from './CustomerPanel.module.css'
import { MatchStates } from './MatchStates'

interface CustomerPanelProps {
  /** The call whose customer is shown, or a customer that was looked up. */
  shown: { call: MyCall } | { customer: CustomerInfo | undefined }
  dial: DialFunction
  onRetry: (callId: string) => void
  retrying: boolean
  onChoose: (callId: string, customerId: string) => void
  choosing: boolean
  /** Why the customer of the call cannot be changed now; empty when it can. */
  reason: string
  /** Opens the search for another customer for this call. */
  onChange: () => void
  /** The way to a new customer, for a caller whom nobody knows. */
  create?: ReactNode
}

/** The customer: the largest thing on the screen. */
export function CustomerPanel(props: CustomerPanelProps) {
  const { t } = useTranslation()
  const { shown, dial } = props
  return (
    <Panel title={t('customer.title')} quiet region className={classes['panel']}>
      {'call' in shown ? (
        <CallCustomer {...props} call={shown.call} />
      ) : shown.customer ? (
        <CustomerCard customer={shown.customer} dial={dial} />
      ) : (
        <MatchStates.Pending number={undefined} name="" asked={[]} />
      )}
    </Panel>
  )
}

function CallCustomer({
  call,
  dial,
  onRetry,
  retrying,
  onChoose,
  choosing,
  reason,
  onChange,
  create,
}: CustomerPanelProps & { call: MyCall }) {
  const party = customerParty(call)
  const { match } = call
  const customer = match.chosen ?? call.customer
  const retry = () => onRetry(call.id)
  if (customer) {
    const candidate = match.candidates.find((other) => other.customer.id === customer.id)
    return (
      <CustomerCard
        customer={customer}
        dial={dial}
        number={party.number.e164}
        why={match.chosenBy === 'PERSON' ? 'PERSON' : candidate?.why}
        chosenBy={match.chosenByOperator?.name}
        candidate={candidate}
        trouble={
          match.state === 'FAILED'
            ? { since: match.failingSince, problem: match.problem, retry, retrying, reason }
            : undefined
        }
        onChange={onChange}
      />
    )
  }
  switch (match.state) {
    case 'PENDING':
    case 'FOUND':
      return <MatchStates.Pending number={party.number} name={party.name} asked={match.asked} />
    case 'MANY':
      return (
        <MatchStates.Many
          number={party.number}
          candidates={match.candidates}
          busy={choosing}
          reason={reason}
          onChoose={(customerId) => onChoose(call.id, customerId)}
          onSearch={onChange}
        />
      )
    case 'NONE':
      return (
        <MatchStates.None
          number={party.number}
          name={party.name}
          asked={match.asked}
          onSearch={onChange}
          create={create}
        />
      )
    case 'FAILED':
      return (
        <MatchStates.Failed
          number={party.number}
          name={party.name}
          match={match}
          retrying={retrying}
          reason={reason}
          onRetry={retry}
          onChoose={(customerId) => onChoose(call.id, customerId)}
        />
      )
    case 'SKIPPED':
      return party.number.kind === 'INTERNAL' ? (
        <MatchStates.Internal number={party.number} name={party.name} />
      ) : (
        <MatchStates.Anonymous onSearch={onChange} create={create} />
      )
  }
}
