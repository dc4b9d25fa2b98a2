import { useQuery } from '@apollo/client/react'
import { Combobox, Loader, TextInput, useCombobox } from '@mantine/core'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Outbound, People } from '@/components/icons'
import { SignMark } from '@/components/SignMark'
import { signOfPresence } from '@/feed/model'
import { OperatorsDocument, QueuesDocument, type CallTarget } from '@/gql/graphql'
import { looksLikeNumber } from '@/lib/format'
import { useCommandState, useServices } from '@/session/context'
import { useProblemText } from '@/session/use-problem-text'
import { colleaguesFor, queuesFor } from './candidates'
import classes from './ThirdPartyPicker.module.css'
import type { Picking } from './use-third-party'

interface ThirdPartyPickerProps {
  what: Picking
  onPick: (to: CallTarget) => void
  onClose: () => void
}

const parse = (value: string): CallTarget => {
  const [kind, id] = [value.slice(0, 1), value.slice(1)]
  return kind === 'o' ? { operatorId: id } : kind === 'q' ? { queueId: id } : { number: id }
}

/** Whom to transfer the call to, or to consult: a colleague, a queue, or a number as typed. One field, the arrow keys, Enter. */
export function ThirdPartyPicker({ what, onPick, onClose }: ThirdPartyPickerProps) {
  const { t } = useTranslation()
  const { operatorId } = useServices()
  const { pending, refusal } = useCommandState()
  const problemText = useProblemText()
  const [text, setText] = useState('')
  const [last, setLast] = useState<CallTarget>({})
  const titleId = useId()
  const operators = useQuery(OperatorsDocument, { fetchPolicy: 'cache-only' }).data?.operators ?? []
  const queues = useQuery(QueuesDocument, { fetchPolicy: 'cache-only' }).data?.queues ?? []
  const combobox = useCombobox({ opened: true })
  const busy = pending.has(what)
  const number = looksLikeNumber(text) ? text.trim() : ''
  const colleagues = colleaguesFor(text, operators, operatorId)
  const lines = what === 'transfer' ? queuesFor(text, queues) : []
  const problem = refusal?.command === what ? refusal.problem : undefined
  const colleagueGone = problem?.code === 'CONFLICT' && last.operatorId !== undefined
  const refused = problem && (colleagueGone ? t('problem.colleague') : problemText(problem))

  return (
    <div role="dialog" aria-labelledby={titleId} className={classes['picker']}>
      <h3 id={titleId} className={classes['title']}>
        {t(`picker.${what}`)}
      </h3>
      <Combobox
        store={combobox}
        onOptionSubmit={(value) => {
          if (busy) return
          setLast(parse(value))
          onPick(parse(value))
        }}
      >
        <Combobox.EventsTarget withExpandedAttribute>
          <TextInput
            data-autofocus
            // eslint-disable-next-line jsx-a11y/role-has-required-aria-props -- EventsTarget gives them
            role="combobox"
            size="sm"
            aria-label={t('picker.field')}
            placeholder={t('picker.field')}
            autoComplete="off"
            maxLength={100}
            value={text}
            error={refused}
            errorProps={{ role: 'alert' }}
            rightSection={busy ? <Loader size={14} /> : undefined}
            onChange={(event) => {
              setText(event.currentTarget.value)
              combobox.selectFirstOption()
            }}
            onFocus={() => combobox.selectFirstOption()}
            onKeyDown={(event) => {
              if (event.key !== 'Escape') return
              event.stopPropagation() // the keypad stays open
              onClose()
            }}
          />
        </Combobox.EventsTarget>
        <Combobox.Options aria-label={t(`picker.${what}`)} className={classes['options']} tabIndex={0}>
          {number !== '' && (
            <Combobox.Option value={`n${number}`} className={classes['option']}>
              <Outbound size={14} aria-hidden />
              <span className={`${classes['name']} num`}>{t(`picker.${what}Number`, { number })}</span>
            </Combobox.Option>
          )}
          {colleagues.map(({ operator, absence, engagement }) => (
            <Combobox.Option
              key={operator.id}
              value={`o${operator.id}`}
              disabled={absence !== ''}
              className={classes['option']}
            >
              <SignMark sign={signOfPresence(operator.presence)} />
              <span className={classes['name']}>{operator.name}</span>
              <span className={classes['state']}>
                {absence !== ''
                  ? t(`colleague.${absence}`)
                  : engagement !== ''
                    ? t(`colleague.${engagement}`)
                    : operator.presence === 'PAUSED' && operator.pauseReason
                      ? `${t('presence.PAUSED')}: ${operator.pauseReason.name}`
                      : t(`presence.${operator.presence}`)}
              </span>
            </Combobox.Option>
          ))}
          {lines.map((queue) => (
            <Combobox.Option key={queue.id} value={`q${queue.id}`} className={classes['option']}>
              <People size={14} aria-hidden />
              <span className={classes['name']}>{queue.name}</span>
              <span className={classes['state']} data-warn={queue.ready === 0 || undefined}>
                {t('picker.queue', { ready: queue.ready, waiting: queue.waiting })}
              </span>
            </Combobox.Option>
          ))}
        </Combobox.Options>
      </Combobox>
      {number === '' && colleagues.length + lines.length === 0 && (
        <p className={classes['none']}>{text === '' ? t('picker.nobody') : t('picker.none')}</p>
      )}
    </div>
  )
}
