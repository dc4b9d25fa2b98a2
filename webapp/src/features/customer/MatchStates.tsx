import { Button, Skeleton } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Anonymous as AnonymousIcon, People, Retry, Search, Trouble, Unknown } from '@/components/icons'
import { SignMark } from '@/components/SignMark'
import type { CallFieldsFragment } from '@/gql/graphql'
import { timeOfDay, unknown } from '@/lib/format'
import { useLanguage } from '@/lib/use-language'
import classes from './MatchStates.module.css'

type PhoneNumber = CallFieldsFragment['from']['number']
type Match = CallFieldsFragment['match']

/** The number as a headline, with the caller's own words for themselves beneath. */
function Headline({ number, name }: { number: PhoneNumber; name: string }) {
  return (
    <div>
      <h3 className={classes['number']}>{number.display}</h3>
      {name !== '' && name !== number.e164 && name !== number.display && (
        <p className={classes['callerName']}>{name}</p>
      )}
    </div>
  )
}

/** Asked, no answer yet: room is kept for the card. The ringing does not wait. */
function Pending({ number, name, asked }: { number: PhoneNumber | undefined; name: string; asked: readonly string[] }) {
  const { t } = useTranslation()
  return (
    <div className={classes['state']} aria-busy="true">
      {number ? <Headline number={number} name={name} /> : <Skeleton width="60%" height={30} />}
      <div className={classes['skeleton']}>
        <Skeleton width="45%" height={18} />
        <Skeleton width="70%" height={14} />
        <Skeleton width="30%" height={14} />
      </div>
      <p className={classes['text']}>
        {asked.length > 0 ? t('match.asking', { systems: asked.join(', ') }) : t('match.askingAll')}
      </p>
    </div>
  )
}

/** Several equally good: a person chooses, and the choice is remembered for the number. */
function Many(props: {
  number: PhoneNumber
  candidates: Match['candidates']
  busy: boolean
  reason: string
  onChoose: (customerId: string) => void
  onSearch: () => void
}) {
  const { t } = useTranslation()
  const { number, candidates, busy, reason, onChoose, onSearch } = props
  return (
    <div className={`${classes['state']} appear`}>
      <Headline number={number} name="" />
      <p className={classes['lead']}>
        <People size={18} aria-hidden />
        {t('match.many', { count: candidates.length })}
      </p>
      <Candidates candidates={candidates} busy={busy} reason={reason} onChoose={onChoose} />
      <div>
        <Button variant="subtle" size="compact-sm" onClick={onSearch} leftSection={<Search size={16} aria-hidden />}>
          {t('match.another')}
        </Button>
      </div>
    </div>
  )
}

function Candidates(props: {
  candidates: Match['candidates']
  busy: boolean
  reason: string
  onChoose: (customerId: string) => void
}) {
  const { t } = useTranslation()
  const { candidates, busy, reason, onChoose } = props
  return (
    <ul className={classes['candidates']} aria-label={t('match.candidates')}>
      {candidates.map(({ customer, why, also, same, refusedBy }) => (
        <li key={customer.id} className={classes['candidate']}>
          <div className={classes['candidateWho']}>
            <span className={classes['candidateName']}>
              {customer.name || customer.company || t('customer.noName')}
            </span>
            {customer.company !== '' && customer.company !== customer.name && <span>{customer.company}</span>}
            <span className={classes['small']}>
              {[
                [customer.sourceName, ...same.map((other) => other.sourceName)].join(', '),
                ...[why, ...also].map((reason) => t(`why.${reason}`)),
                customer.responsible,
              ]
                .filter(Boolean)
                .join(' · ')}
            </span>
            {refusedBy !== null && (
              <span className={classes['small']}>{t('match.refusedBy', { name: refusedBy.name })}</span>
            )}
          </div>
          <Button
            className={classes['choose']}
            size="xs"
            variant="default"
            title={reason}
            disabled={busy || reason !== ''}
            onClick={() => onChoose(customer.id)}
            aria-label={t('match.chooseName', { name: customer.name || customer.company || t('customer.noName') })}
          >
            {t('match.choose')}
          </Button>
        </li>
      ))}
    </ul>
  )
}

/** Every system answered, nobody has the number. */
function None(props: {
  number: PhoneNumber
  name: string
  asked: readonly string[]
  onSearch: () => void
  create: ReactNode
}) {
  const { t } = useTranslation()
  const { number, name, asked, onSearch, create } = props
  return (
    <div className={`${classes['state']} appear`}>
      <Headline number={number} name={name} />
      <p className={classes['lead']}>
        <Unknown size={18} aria-hidden />
        {t('match.none')}
      </p>
      <p className={classes['text']}>
        {asked.length > 0 ? t('match.noneAsked', { systems: asked.join(', ') }) : t('match.noneText')}
      </p>
      <div className={classes['ways']}>
        <Button variant="default" size="xs" onClick={onSearch} leftSection={<Search size={16} aria-hidden />}>
          {t('match.findAndLink')}
        </Button>
        {create}
      </div>
    </div>
  )
}

/** A customer system does not answer. What is known locally stands; the call goes on. */
function Failed(props: {
  number: PhoneNumber
  name: string
  match: Match
  retrying: boolean
  reason: string
  onRetry: () => void
  onChoose: (customerId: string) => void
}) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { number, name, match, retrying, reason, onRetry, onChoose } = props
  const system = match.asked.join(', ') || t('match.system')
  return (
    <div className={`${classes['state']} appear`}>
      <Headline number={number} name={name} />
      <p className={classes['lead']} data-tone="trouble">
        <Trouble size={18} aria-hidden />
        {t('match.silent', { system })}
      </p>
      <p className={classes['text']}>
        {t('match.silentText', {
          time: match.failingSince === null ? unknown : timeOfDay(match.failingSince, language),
        })}
      </p>
      {match.candidates.length > 0 && (
        <>
          <p className={classes['text']}>{t('match.knownLocally')}</p>
          <Candidates candidates={match.candidates} busy={false} reason={reason} onChoose={onChoose} />
        </>
      )}
      <div>
        <Button
          variant="default"
          size="xs"
          loading={retrying}
          title={reason}
          disabled={reason !== ''}
          onClick={onRetry}
          leftSection={<Retry size={16} aria-hidden />}
        >
          {t('match.askAgain')}
        </Button>
      </div>
    </div>
  )
}

/** The number is withheld: there is nothing to ask. */
function Anonymous({ onSearch, create }: { onSearch: () => void; create: ReactNode }) {
  const { t } = useTranslation()
  return (
    <div className={`${classes['state']} appear`}>
      <h3 className={classes['number']}>{t('match.anonymous')}</h3>
      <p className={classes['lead']}>
        <AnonymousIcon size={18} aria-hidden />
        {t('match.anonymousText')}
      </p>
      <div className={classes['ways']}>
        <Button variant="default" size="xs" onClick={onSearch} leftSection={<Search size={16} aria-hidden />}>
          {t('match.find')}
        </Button>
        {create}
      </div>
    </div>
  )
}

/** A colleague. */
function Internal({ number, name }: { number: PhoneNumber; name: string }) {
  const { t } = useTranslation()
  return (
    <div className={`${classes['state']} appear`}>
      <h3 className={classes['number']}>{name || number.display}</h3>
      <p className={classes['lead']}>
        <SignMark sign="ready" />
        {t('match.internal', { number: number.display })}
      </p>
    </div>
  )
}

/** The designed states of "who is calling", apart from the card itself. */
export const MatchStates = { Pending, Many, None, Failed, Anonymous, Internal }
