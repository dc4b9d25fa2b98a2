import { useQuery } from '@apollo/client/react'
import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { SuggestionsDocument } from '@/gql/pages/graphql'
import classes from './Links.module.css'

/** Who may have the number as the systems say now: it was not certain enough to link them. */
export function Suggestions({ number, onPick }: { number: string; onPick: (customerId: string) => void }) {
  const { t } = useTranslation()
  const { data, loading } = useQuery(SuggestionsDocument, { variables: { number }, fetchPolicy: 'network-only' })
  if (loading) return <p className={classes['dim']}>{t('links.suggesting')}</p>
  const candidates = data?.matchCaller.candidates ?? []
  if (candidates.length === 0) return null
  return (
    <>
      <p className={classes['dim']}>{t('links.maybe')}</p>
      <ul className={classes['candidates']} aria-label={t('match.candidates')}>
        {candidates.map(({ customer, why }) => (
          <li key={customer.id}>
            <span className={classes['words']}>
              <span>{customer.name || customer.company || t('customer.noName')}</span>
              <span className={classes['dim']}>
                {customer.sourceName} · {t(`why.${why}`)}
              </span>
            </span>
            <Button
              size="xs"
              variant="default"
              onClick={() => onPick(customer.id)}
              aria-label={t('match.chooseName', { name: customer.name || customer.company || t('customer.noName') })}
            >
              {t('match.choose')}
            </Button>
          </li>
        ))}
      </ul>
    </>
  )
}
