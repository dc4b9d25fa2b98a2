import { useTranslation } from 'react-i18next'
import type { TestConnectorMutation } from '@/gql/pages/graphql'
import { count } from '@/lib/format'
import { useLanguage } from '@/lib/use-language'
import { Requests } from './Requests'
import { Verdict } from './Verdict'
import { useWords } from './words'
import classes from './Connectors.module.css'

/** Whether the system lets us in, which one it is, and what it can do. */
export function TestOutcome({ outcome }: { outcome: TestConnectorMutation['testConnector'] }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const words = useWords()
  const { trial, checked, version, capabilities } = outcome
  const took = count(Math.round(trial.took * 1000), language)
  return (
    <div className={classes['outcome']}>
      <Verdict trial={trial} good={checked ? t('connectors.try.well', { took }) : t('connectors.try.unchecked')} />
      {version !== '' && <p>{t('connectors.try.version', { version })}</p>}
      <p className={classes['dim']}>
        {t('connectors.try.can')} {[t('connectors.can.LOOKUP'), ...capabilities.map(words.can)].join(', ')}.
      </p>
      <Requests trial={trial} />
    </div>
  )
}
