import { useTranslation } from 'react-i18next'
import type { LinkRateQuery, ShareFragment } from '@/gql/pages/graphql'
import { count, unknown } from '@/lib/format'
import { useLanguage } from '@/lib/use-language'
import { percent, shortDay } from './figures'
import { byQueue, lastWeeks, rateOf, totalOf, type QueueRow } from './rate'
import classes from './Links.module.css'

/** How many weeks have a column. */
const columns = 8

/** The share by queue and week, and over the whole period. */
export function RateTable({ weeks }: { weeks: LinkRateQuery['linkRate']['weeks'] }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const shown = lastWeeks(weeks, columns)
  const rows = byQueue(weeks, shown)
  const byBegin = new Map(weeks.map(({ begins, all }) => [new Date(begins).getTime(), all]))
  const everything: QueueRow = {
    queueId: 'all',
    name: t('links.total'),
    total: totalOf(weeks),
    weeks: shown.map((begins) => byBegin.get(new Date(begins).getTime())),
  }
  const nameOf = ({ queueId, name }: QueueRow) => name ?? (queueId === '' ? t('links.noQueue') : t('links.goneQueue'))
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls has to be reached by keys
    <section className={classes['scroll']} tabIndex={0} aria-label={t('links.byQueue')}>
      <table className={`${classes['table']} num`}>
        <caption className="hidden">{t('links.byQueue')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('links.queue')}</th>
            {shown.map((begins) => {
              const day = shortDay(begins, language)
              return (
                <th key={begins} scope="col" aria-label={t('links.week', { day })}>
                  {day}
                </th>
              )
            })}
            <th scope="col">{t('links.whole')}</th>
            <th scope="col">{t('links.calls')}</th>
          </tr>
        </thead>
        <tbody>
          {[...rows, everything].map((row) => (
            <tr key={row.queueId} data-total={row === everything || undefined}>
              <th scope="row">{nameOf(row)}</th>
              {row.weeks.map((share, i) => (
                <td key={shown[i]}>
                  <Rate share={share} />
                </td>
              ))}
              <td>
                <Rate share={row.total} />
              </td>
              <td>{count(row.total.calls, language)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Rate({ share }: { share: ShareFragment | undefined }) {
  const language = useLanguage()
  const rate = share && rateOf(share)
  return rate === undefined ? unknown : percent(rate, language)
}
