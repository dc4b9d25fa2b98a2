import { useQuery } from '@apollo/client/react'
import { useTranslation } from 'react-i18next'
import { PhoneIndexesDocument } from '@/gql/pages/graphql'
import { ago, count } from '@/lib/format'
import { useLanguage } from '@/lib/use-language'
import { useNow } from '@/session/context'
import { useTroubleWords } from '@/session/use-trouble-words'
import classes from './Links.module.css'

/** How often the state is asked for while the page is open; milliseconds. */
const every = 10_000

/** The background copy of each customer system: how much, how old, whether it is being read. */
export function IndexLines() {
  const { t } = useTranslation()
  const language = useLanguage()
  const now = useNow()
  const trouble = useTroubleWords()
  const { data } = useQuery(PhoneIndexesDocument, { pollInterval: every, fetchPolicy: 'cache-and-network' })
  if (!data || data.phoneIndexes.length === 0) return null
  return (
    <ul className={classes['indexes']} aria-label={t('links.index')}>
      {data.phoneIndexes.map(({ id, name, numbers, completeAt, reading, problem }) => (
        <li key={id} data-trouble={problem !== '' || undefined}>
          {[
            t('links.indexOf', { name, numbers: count(numbers, language) }),
            completeAt === null ? t('links.indexNever') : t('links.indexAt', { time: ago(completeAt, now, language) }),
            reading ? t('links.indexReading') : '',
            problem === '' ? '' : t('links.indexProblem', { problem: trouble(problem) }),
          ]
            .filter(Boolean)
            .join(' · ')}
        </li>
      ))}
    </ul>
  )
}
