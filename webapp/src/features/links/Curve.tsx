import { useTranslation } from 'react-i18next'
import type { LinkRateQuery } from '@/gql/pages/graphql'
import { dayName } from '@/lib/format'
import { useLanguage } from '@/lib/use-language'
import { useNow } from '@/session/context'
import { percent } from './figures'
import { curve } from './rate'
import classes from './Links.module.css'

const width = 720
const height = 120

/** The share of linked calls, week after week. Those who do not see it read the table. */
export function Curve({ weeks }: { weeks: LinkRateQuery['linkRate']['weeks'] }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const now = useNow()
  const points = curve(weeks, width, height)
  const [first, last] = [points[0], points.at(-1)]
  if (!first || !last || points.length < 2) return null
  return (
    <figure className={classes['curve']}>
      <svg
        viewBox={`-4 -6 ${width + 8} ${height + 12}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={t('links.curveText', { first: percent(first.rate, language), last: percent(last.rate, language) })}
      >
        {[0, 0.5, 1].map((rate) => (
          <line
            key={rate}
            x1={0}
            x2={width}
            y1={(1 - rate) * height}
            y2={(1 - rate) * height}
            className={classes['grid']}
          />
        ))}
        <polyline points={points.map(({ x, y }) => `${x},${y}`).join(' ')} className={classes['line']} />
      </svg>
      <figcaption className={classes['axis']}>
        <span>{dayName(weeks[0]?.begins ?? now, now, language)}</span>
        <span>{t('links.curve')}</span>
        <span>{dayName(weeks.at(-1)?.begins ?? now, now, language)}</span>
      </figcaption>
    </figure>
  )
}
