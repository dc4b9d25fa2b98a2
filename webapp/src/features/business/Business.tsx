import { useQuery } from '@apollo/client/react'
import { Skeleton } from '@mantine/core'
import { useId, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { External, Retry, Trouble } from '@/components/icons'
import { PastContactsDocument, RelatedDocument } from '@/gql/pages/graphql'
import { ago, dayName } from '@/lib/format'
import { safeLink } from '@/lib/link'
import { useLanguage } from '@/lib/use-language'
import { useNow } from '@/session/context'
import classes from './Business.module.css'

/** What goes on with a customer, and what was said before, as their own system tells: asked once the card is there. */
export function Business({ customerId, system }: { customerId: string; system: string }) {
  return (
    <>
      <Related customerId={customerId} system={system} />
      <PastContacts customerId={customerId} system={system} />
    </>
  )
}

interface SectionProps {
  customerId: string
  system: string
}

function Related({ customerId, system }: SectionProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  const now = useNow()
  const asked = useQuery(RelatedDocument, { variables: { id: customerId }, fetchPolicy: 'cache-and-network' })
  const items = asked.data?.customer?.related
  return (
    <Section title={t('business.related')} system={system} asked={asked} count={items?.length}>
      {items?.map(({ id, kind, title, status, open, sum, responsible, at, url }) => (
        <Entry
          key={id}
          strong={open}
          title={title || t(`business.kinds.${kind}`)}
          url={url}
          words={[
            title && t(`business.kinds.${kind}`),
            status,
            sum,
            responsible,
            at === null ? '' : ago(at, now, language),
          ]}
        />
      ))}
    </Section>
  )
}

function PastContacts({ customerId, system }: SectionProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  const now = useNow()
  const asked = useQuery(PastContactsDocument, { variables: { id: customerId }, fetchPolicy: 'cache-and-network' })
  const past = asked.data?.customer?.contacts
  return (
    <Section title={t('business.contacts', { system })} system={system} asked={asked} count={past?.length}>
      {past?.map(({ id, channel, at, title, text, who, url }) => (
        <Entry
          key={id}
          title={title || t(`business.channels.${channel}`)}
          url={url}
          words={[title && t(`business.channels.${channel}`), at === null ? '' : dayName(at, now, language), who, text]}
        />
      ))}
    </Section>
  )
}

/** A section of the card. One with nothing in it is not there. */
function Section(props: {
  title: string
  system: string
  asked: { loading: boolean; error?: unknown; refetch: () => Promise<unknown> }
  count: number | undefined
  children: ReactNode
}) {
  const { t } = useTranslation()
  const { title, system, asked, count, children } = props
  const id = useId()
  const silent = asked.error !== undefined && count === undefined && !asked.loading
  if (!silent && !asked.loading && !count) return null
  return (
    <section aria-labelledby={id} className={classes['section']}>
      <h3 id={id} className={classes['title']}>
        {title}
      </h3>
      {silent ? (
        <p className={classes['silent']} role="status">
          <Trouble size={16} aria-hidden />
          {t('business.silent', { system })}
          <button type="button" className={classes['retry']} onClick={() => void asked.refetch().catch(() => {})}>
            <Retry size={14} aria-hidden /> {t('retry')}
          </button>
        </p>
      ) : count === undefined || count === 0 ? (
        <div aria-busy="true" aria-label={t('business.loading', { system })} role="status">
          <Skeleton width="60%" height={14} />
        </div>
      ) : (
        <ul className={classes['list']}>{children}</ul>
      )}
    </section>
  )
}

function Entry(props: { title: string; url: string; words: readonly string[]; strong?: boolean }) {
  const { t } = useTranslation()
  const { title, url, words, strong = false } = props
  const link = safeLink(url)
  return (
    <li className={classes['entry']}>
      {link === undefined ? (
        <span className={classes['name']}>{title}</span>
      ) : (
        <a
          href={link}
          target="_blank"
          rel="noreferrer"
          className={classes['name']}
          aria-label={t('business.openIn', { title })}
        >
          {title} <External size={14} aria-hidden />
        </a>
      )}
      <span className={classes['words']}>
        {strong && <b>{t('business.open')} · </b>}
        {words.filter(Boolean).join(' · ')}
      </span>
    </li>
  )
}
