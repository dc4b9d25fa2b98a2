import { useTranslation } from 'react-i18next'
import type { TrialFieldsFragment } from '@/gql/pages/graphql'
import { count } from '@/lib/format'
import { useLanguage } from '@/lib/use-language'
import { useTroubleWords } from '@/session/use-trouble-words'
import classes from './Connectors.module.css'

/** What the system was asked, and how each went. */
export function Requests({ trial }: { trial: TrialFieldsFragment }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const trouble = useTroubleWords()
  const { requests, more } = trial
  if (requests.length === 0) return <p className={classes['dim']}>{t('connectors.try.noRequests')}</p>
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls has to be reached by keys
    <section className={classes['wide']} tabIndex={0} aria-label={t('connectors.try.request')}>
      <table className={classes['requests']}>
        <caption>
          {t('connectors.try.requests')}
          {more > 0 && ` ${t('connectors.try.moreRequests', { count: more })}`}
        </caption>
        <thead>
          <tr>
            <th scope="col">{t('connectors.try.request')}</th>
            <th scope="col">{t('connectors.try.answer')}</th>
            <th scope="col">{t('connectors.try.took')}</th>
          </tr>
        </thead>
        <tbody>
          {requests.map(({ method, target, status, rows, bytes, took, at, problem }, place) => (
            // They come at once and are never moved.
            // eslint-disable-next-line react/no-array-index-key
            <tr key={place} data-trouble={problem !== '' || (status ?? 200) >= 400}>
              <td>
                <code>
                  <b>{method}</b> {target}
                </code>
              </td>
              <td>
                {status ?? (problem === '' ? t('connectors.try.rows', { count: rows }) : trouble(problem))}
                {status !== null && (
                  <span className={classes['dim']}>
                    {' '}
                    {t('connectors.try.bytes', { bytes: count(bytes, language) })}
                  </span>
                )}
              </td>
              <td className="num" title={`+${count(Math.round(at * 1000), language)} ms`}>
                {count(Math.round(took * 1000), language)} {t('connectors.try.ms')}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
