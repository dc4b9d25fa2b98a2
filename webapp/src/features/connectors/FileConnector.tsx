import { useTranslation } from 'react-i18next'
import type { ConnectorFieldsFragment } from '@/gql/pages/graphql'
import { ConnectorState } from './ConnectorState'
import { Trials } from './Trials'
import { useWords } from './words'
import classes from './Connectors.module.css'

/** One of the configuration file: shown and tried, not changed. */
export function FileConnector({ connector }: { connector: ConnectorFieldsFragment }) {
  const { t } = useTranslation()
  const words = useWords()
  return (
    <>
      <p className={classes['intro']}>
        {words.kind(connector.kind)} · {connector.id}. {t('connectors.fileHint')}
      </p>
      <ConnectorState connector={connector} />
      <Trials intro={t('connectors.try.fileIntro')} input={() => ({ id: connector.id })} />
    </>
  )
}
