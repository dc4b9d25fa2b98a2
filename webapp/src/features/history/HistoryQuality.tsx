import { useQuery } from '@apollo/client/react'
import { UnstyledButton } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { QualityMark } from '@/components/QualityMark'
import { QualityTable } from '@/components/QualityTable'
import { InteractionQualityDocument } from '@/gql/graphql'
import { score } from '@/lib/quality'
import { useLanguage } from '@/lib/use-language'
import classes from './HistoryQuality.module.css'

/** How a call of the history sounded: a word, and all the figures on demand. Asked for when the row is opened; nothing where it was not measured. */
export function HistoryQuality({ id }: { id: string }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const [open, setOpen] = useState(false)
  const { data } = useQuery(InteractionQualityDocument, { variables: { id }, fetchPolicy: 'cache-and-network' })
  const quality = data?.interaction?.quality
  if (!quality) return null
  return (
    <>
      <dt className={classes['term']}>{t('quality.title')}</dt>
      <dd className={classes['line']}>
        {quality.grade !== null && (
          <QualityMark
            grade={quality.grade}
            lines={[{ name: t('quality.mos'), value: t('quality.ofBest', { score: score(quality.mos, language) }) }]}
          />
        )}
        <UnstyledButton className={classes['more']} aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? t('quality.less') : t('quality.more')}
        </UnstyledButton>
      </dd>
      {open && (
        <dd className={classes['figures']}>
          <QualityTable quality={quality} live={false} />
        </dd>
      )}
    </>
  )
}
