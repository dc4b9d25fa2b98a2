import { SegmentedControl } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { Back } from '@/components/icons'
import type { ReadinessFieldsFragment } from '@/gql/graphql'
import { useServices } from '@/session/context'
import { OperatorRow } from './OperatorRow'
import { arrange, hasTrouble } from './order'
import classes from './Readiness.module.css'

/** Who can take a call right now, and what is wrong with whose phone. For supervisors. */
export function ReadinessPage() {
  const { t } = useTranslation()
  const { feed } = useServices()
  const [all, setAll] = useState<readonly ReadinessFieldsFragment[]>()
  const [filter, setFilter] = useState<'all' | 'trouble'>('all')

  useEffect(() => feed.followReadiness(setAll), [feed])

  const shown = arrange(all ?? []).filter((one) => filter === 'all' || hasTrouble(one))
  const ready = (all ?? []).filter((one) => one.readiness === 'CAN_TAKE').length
  const empty = all?.length === 0 ? t('readiness.none') : t('readiness.noTrouble')
  return (
    <main className={classes['page']}>
      <div className={classes['inside']}>
        <Link to="/" className={classes['back']}>
          <Back size={16} aria-hidden />
          {t('settings.back')}
        </Link>
        <h1 className={classes['title']}>{t('readiness.title')}</h1>
        <p className={classes['intro']}>{t('readiness.intro')}</p>
        <div className={classes['head']}>
          <span role="status" className="num">
            {all && t('readiness.count', { ready, all: all.length })}
          </span>
          <SegmentedControl
            size="xs"
            data={(['all', 'trouble'] as const).map((value) => ({ value, label: t(`readiness.filter.${value}`) }))}
            value={filter}
            onChange={(value) => setFilter(value)}
          />
        </div>
        {!all && <p className={classes['intro']}>{t('readiness.loading')}</p>}
        {all && shown.length === 0 && <p className={classes['intro']}>{empty}</p>}
        {shown.length > 0 && (
          <ul aria-label={t('readiness.title')} className={classes['list']}>
            {shown.map((one) => (
              <OperatorRow key={one.id} one={one} />
            ))}
          </ul>
        )}
      </div>
    </main>
  )
}
