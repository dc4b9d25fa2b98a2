import { Tooltip, UnstyledButton } from '@mantine/core'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import type { QualityGrade } from '@/gql/graphql'
import classes from './QualityMark.module.css'

/** How many of the three bars are full: the shape says it without colour. */
const bars: Record<QualityGrade, number> = { GOOD: 3, FAIR: 2, POOR: 1 }

/** One figure, ready to be shown. */
export interface QualityLine {
  readonly name: string
  readonly value: string
}

/** How a call sounds: shape, word and colour. The figures are there for who asks: on hover, on focus, and for who listens. */
export function QualityMark(props: {
  grade: QualityGrade
  lines?: readonly QualityLine[]
  /** Where pressing it opens something. */
  expanded?: boolean
  onPress?: () => void
}) {
  const { grade, lines = [], expanded, onPress } = props
  const { t } = useTranslation()
  const id = useId()
  const word = t(`quality.grade.${grade}`)
  return (
    <Tooltip
      events={{ hover: true, focus: true, touch: true }}
      position="bottom"
      multiline
      disabled={lines.length === 0}
      label={
        <span className={classes['figures']}>
          {lines.map(({ name, value }) => (
            <span key={name} className={classes['figure']}>
              <span>{name}</span>
              <span className="num">{value}</span>
            </span>
          ))}
        </span>
      }
    >
      <UnstyledButton
        className={classes['mark']}
        data-grade={grade}
        aria-label={t('quality.label', { word })}
        aria-expanded={expanded}
        onClick={onPress}
        aria-describedby={lines.length === 0 ? undefined : id}
      >
        <svg width="14" height="12" viewBox="0 0 14 12" aria-hidden>
          {[1, 2, 3].map((bar) => (
            <rect
              key={bar}
              x={(bar - 1) * 5 + 0.5}
              y={11.5 - bar * 3.5}
              width="3"
              height={bar * 3.5}
              fill={bar <= bars[grade] ? 'currentColor' : 'none'}
              stroke="currentColor"
              strokeOpacity={bar <= bars[grade] ? 1 : 0.55}
            />
          ))}
        </svg>
        <span aria-hidden>{word}</span>
        {lines.length > 0 && (
          <span id={id} className="hidden">
            {lines.map(({ name, value }) => `${name}: ${value}`).join('; ')}
          </span>
        )}
      </UnstyledButton>
    </Tooltip>
  )
}
