import { Anchor } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { External, Info, Mail, Person, Trouble } from '@/components/icons'
import { NumberButton } from '@/components/NumberButton'
import type { CustomerInfo } from '@/feed/model'
import type { CallFieldsFragment, MatchOrigin, MatchReason } from '@/gql/graphql'
import { ago, timeOfDay } from '@/lib/format'
import { safeLink } from '@/lib/link'
import { useLanguage } from '@/lib/use-language'
import { useNow } from '@/session/context'
import classes from './CustomerCard.module.css'
import type { DialFunction } from './types'

type Candidate = CallFieldsFragment['match']['candidates'][number]

interface CustomerCardProps {
  customer: CustomerInfo
  dial: DialFunction
  /** The number of this call, marked among the others. */
  number?: string
  /** Why this customer: a rule, or a person's choice. */
  why?: MatchReason | 'PERSON' | undefined
  chosenBy?: string | undefined
  /** How we know of it, what else speaks for it, and the same customer in other systems. */
  candidate?: Candidate | undefined
  /** The customer system is silent; what is shown is what we knew. */
  trouble?: { since: string | null; problem: string; retry: () => void; retrying: boolean; reason: string } | undefined
  /** Not this one: choose another. */
  onChange?: () => void
}

/** From so many characters on a name is set smaller: it would take the place of everything below. */
const longName = 40

/** Who it is. Name first; then company, numbers, who answers for them; then where we know it from. */
export function CustomerCard({
  customer,
  dial,
  number,
  why,
  chosenBy,
  candidate,
  trouble,
  onChange,
}: CustomerCardProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  const link = safeLink(customer.url)
  const name = customer.name || customer.company || t('customer.noName')
  // A company's own record has its name only once.
  const company = customer.company === name ? '' : customer.company
  return (
    <article className={`${classes['card']} appear`}>
      <div className={classes['head']}>
        <div className={classes['who']}>
          <h3 className={classes['name']} data-long={name.length > longName || undefined}>
            {name}
          </h3>
          <p className={classes['company']}>
            {company}
            {customer.kind === 'LEAD' && <span className={classes['lead']}>{t('customer.lead')}</span>}
            {customer.taxId !== '' && (
              <span className={classes['tax']}>{t('customer.taxId', { id: customer.taxId })}</span>
            )}
          </p>
        </div>
        {link !== undefined && (
          <Anchor href={link} target="_blank" rel="noreferrer" className={classes['link']}>
            <span>{t('customer.openIn', { system: customer.sourceName })}</span>
            <External size={16} aria-hidden />
          </Anchor>
        )}
      </div>

      <ul className={classes['contacts']} aria-label={t('customer.contacts')}>
        {customer.numbers.map((entry) => (
          <li key={`${entry.number.e164} ${entry.label}`}>
            <NumberButton
              display={entry.number.display}
              label={entry.label}
              main={entry.number.e164 === number}
              reason={dial.reason}
              onDial={entry.number.kind === 'ANONYMOUS' ? undefined : () => dial.dial(entry.number.e164, customer.id)}
            />
          </li>
        ))}
        {customer.emails.map((address) => (
          <li key={address}>
            <Anchor href={`mailto:${encodeURI(address)}`} className={classes['mail']}>
              <Mail size={14} aria-hidden /> {address}
            </Anchor>
          </li>
        ))}
      </ul>

      {candidate !== undefined && candidate.same.length > 0 && (
        <p className={classes['elsewhere']}>
          <span className={classes['dim']}>{t('customer.elsewhere')}</span>
          {candidate.same.map((other) => {
            const elsewhere = safeLink(other.url)
            return elsewhere === undefined ? (
              <span key={other.id}>{other.sourceName}</span>
            ) : (
              <Anchor key={other.id} href={elsewhere} target="_blank" rel="noreferrer" title={other.name}>
                {other.sourceName}
              </Anchor>
            )
          })}
        </p>
      )}

      {customer.responsible !== '' && (
        <p className={classes['responsible']}>
          <Person size={16} aria-hidden />
          <span className={classes['dim']}>{t('customer.responsible')}</span> {customer.responsible}
        </p>
      )}

      {trouble && (
        <p className={classes['trouble']}>
          <Trouble size={16} aria-hidden />
          {trouble.since === null
            ? t('customer.silent', { system: customer.sourceName })
            : t('customer.silentSince', { system: customer.sourceName, time: timeOfDay(trouble.since, language) })}
          <button
            type="button"
            className={classes['textButton']}
            title={trouble.reason}
            disabled={trouble.retrying || trouble.reason !== ''}
            onClick={trouble.retry}
          >
            {trouble.retrying ? t('customer.asking') : t('retry')}
          </button>
        </p>
      )}

      <p className={classes['source']}>
        <Info size={14} aria-hidden />
        <span>
          {customer.sourceName}
          {why !== undefined && ` · ${why === 'PERSON' ? t('why.PERSON', { name: chosenBy ?? '' }) : t(`why.${why}`)}`}
          {candidate?.also.map((reason) => ` · ${t(`why.${reason}`)}`)}
          {' · '}
          <AsOf at={customer.asOf} origin={candidate?.origin ?? 'LIVE'} />
        </span>
        {onChange && (
          <button type="button" className={classes['textButton']} onClick={onChange}>
            {t('customer.notThis')}
          </button>
        )}
      </p>
    </article>
  )
}

function AsOf({ at, origin }: { at: string; origin: MatchOrigin }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const now = useNow()
  return <time dateTime={at}>{t(`customer.asOf.${origin}`, { time: ago(at, now, language) })}</time>
}
