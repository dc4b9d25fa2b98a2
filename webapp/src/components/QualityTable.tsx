import { useTranslation } from 'react-i18next'
import type { QualityFieldsFragment } from '@/gql/graphql'
import { exactTime, stopwatch } from '@/lib/format'
import { codecName, milliseconds, percent, score, sidesOf } from '@/lib/quality'
import { useLanguage } from '@/lib/use-language'
import classes from './QualityTable.module.css'

/** All figures of a call, side by side. `live` shows how it is, else how it was on average; the worst stands behind. */
export function QualityTable({ quality, live }: { quality: QualityFieldsFragment; live: boolean }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const sides = sidesOf(quality)
  type Figure = { readonly now: number; readonly average: number; readonly worst: number } | null
  const figure = (write: (value: number | null) => string, value: Figure) => {
    if (value === null) return write(null)
    const main = write(live ? value.now : value.average)
    const worst = write(value.worst)
    return main === worst ? main : t('quality.worst', { main, worst })
  }
  const inMs = (value: number | null) => milliseconds(value, language)
  const inPercent = (value: number | null) => percent(value, language)
  return (
    <>
      {sides.length > 0 && (
        <table className={`${classes['table']} num`}>
          <thead>
            <tr>
              <th scope="col" className={classes['how']}>
                {live ? t('quality.nowAndWorst') : t('quality.averageAndWorst')}
              </th>
              {sides.map(({ side }) => (
                <th key={side} scope="col">
                  {t(`quality.side.${side}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">{t('quality.mos')}</th>
              {sides.map(({ side, mos }) => (
                <td key={side}>{figure((value) => score(value, language), mos)}</td>
              ))}
            </tr>
            <tr>
              <th scope="row">{t('quality.lossIn')}</th>
              {sides.map(({ side, lossIn }) => (
                <td key={side}>{figure(inPercent, lossIn)}</td>
              ))}
            </tr>
            <tr>
              <th scope="row">{t('quality.lossOut')}</th>
              {sides.map(({ side, lossOut }) => (
                <td key={side}>{figure(inPercent, lossOut)}</td>
              ))}
            </tr>
            <tr>
              <th scope="row">{t('quality.jitter')}</th>
              {sides.map(({ side, jitterMs }) => (
                <td key={side}>{figure(inMs, jitterMs)}</td>
              ))}
            </tr>
            <tr>
              <th scope="row">{t('quality.roundTrip')}</th>
              {sides.map(({ side, roundTripMs }) => (
                <td key={side}>{figure(inMs, roundTripMs)}</td>
              ))}
            </tr>
            <tr>
              <th scope="row">{t('quality.codec')}</th>
              {sides.map(({ side, codec }) => (
                <td key={side}>{codecName(codec)}</td>
              ))}
            </tr>
          </tbody>
        </table>
      )}
      {quality.alerts.length > 0 && (
        <ul className={classes['alerts']} aria-label={t('quality.alerts')}>
          {quality.alerts.map((alert) => (
            <li key={`${alert.kind} ${alert.side} ${alert.from}`}>
              <span className="num">{exactTime(alert.from, language)}</span> {t(`quality.past.${alert.kind}`)}
              {alert.side !== 'PAGE' && ` (${t(`quality.side.${alert.side}`)})`}
              {alert.until !== null && (
                <span className="num">, {stopwatch(Date.parse(alert.until) - Date.parse(alert.from))}</span>
              )}
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
