import { useQuery } from '@apollo/client/react'
import { SegmentedControl } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { Back } from '@/components/icons'
import { LinkRateDocument } from '@/gql/pages/graphql'
import { count, unknown } from '@/lib/format'
import { useLanguage } from '@/lib/use-language'
import { Curve } from './Curve'
import { percent } from './figures'
import { IndexLines } from './IndexLines'
import { rateOf, totalOf, within } from './rate'
import { RateTable } from './RateTable'
import { WorkList, type WorkDialogs } from './WorkList'
import classes from './Links.module.css'

const periods = ['12', '52', 'all'] as const

/** How many calls have a known customer, and the numbers that have none. For supervisors. */
export function LinksPage(dialogs: WorkDialogs) {
  const { t } = useTranslation()
  return (
    <main className={classes['page']}>
      <div className={classes['inside']}>
        <Link to="/" className={classes['back']}>
          <Back size={16} aria-hidden />
          {t('settings.back')}
        </Link>
        <h1 className={classes['title']}>{t('links.title')}</h1>
        <p className={classes['dim']}>{t('links.intro')}</p>
        <LinkRate />
        <IndexLines />
        <WorkList {...dialogs} />
      </div>
    </main>
  )
}

function LinkRate() {
  const { t } = useTranslation()
  const language = useLanguage()
  const [period, setPeriod] = useState<(typeof periods)[number]>('all')
  const { data, error } = useQuery(LinkRateDocument, { fetchPolicy: 'cache-and-network' })
  if (error && !data) return <p role="alert">{t('links.failed')}</p>
  if (!data) return <p className={classes['dim']}>{t('links.loading')}</p>
  const weeks = within(data.linkRate.weeks, period === 'all' ? undefined : Number(period))
  if (weeks.length === 0) return <p className={classes['dim']}>{t('links.none')}</p>
  const total = totalOf(weeks)
  const rate = rateOf(total)
  const figure = (value: number): ReactNode => count(value, language)
  return (
    <section aria-label={t('links.title')} className={classes['rate']}>
      <div className={classes['head']}>
        <p className={`${classes['big']} num`}>{rate === undefined ? unknown : percent(rate, language)}</p>
        <div className={classes['words']}>
          <p>{t('links.of', { linked: figure(total.linked), resolvable: figure(total.resolvable) })}</p>
          <p className={classes['dim']}>
            {t('links.how', {
              system: figure(total.bySystem),
              person: figure(total.byPerson),
              rest: figure(total.calls - total.resolvable),
            })}
          </p>
        </div>
        <SegmentedControl
          size="xs"
          aria-label={t('links.period')}
          data={periods.map((value) => ({
            value,
            label: value === 'all' ? t('links.all') : t('links.weeks', { count: Number(value) }),
          }))}
          value={period}
          onChange={(value) => setPeriod(value)}
        />
      </div>
      <Curve weeks={weeks} />
      <RateTable weeks={weeks} />
    </section>
  )
}
