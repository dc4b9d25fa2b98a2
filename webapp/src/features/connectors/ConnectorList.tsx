import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { Empty } from '@/components/Empty'
import { Plus } from '@/components/icons'
import type { ConnectorFieldsFragment } from '@/gql/pages/graphql'
import { ConnectorState } from './ConnectorState'
import { useWords } from './words'
import classes from './Connectors.module.css'

/** The customer systems in use and how they are. */
export function ConnectorList({ all }: { all: readonly ConnectorFieldsFragment[] }) {
  const { t } = useTranslation()
  const words = useWords()
  return (
    <>
      <div className={classes['head']}>
        <span role="status" className="num">
          {t('connectors.count', { count: all.length })}
        </span>
        <Button component={Link} to="/connectors/new" size="xs" leftSection={<Plus size={16} aria-hidden />}>
          {t('connectors.add')}
        </Button>
      </div>
      {all.length === 0 && <Empty title={t('connectors.none')}>{t('connectors.noneHint')}</Empty>}
      {all.length > 0 && (
        <ul aria-label={t('connectors.title')} className={classes['list']}>
          {all.map((connector) => (
            <li
              key={connector.id}
              className={classes['row']}
              data-connector={connector.id}
              data-state={connector.state}
            >
              <div className={classes['what']}>
                <Link to={`/connectors/${encodeURIComponent(connector.id)}`} className={classes['name']}>
                  {connector.name}
                </Link>
                <span className={classes['dim']}>
                  {words.kind(connector.kind)} · {connector.id}
                </span>
              </div>
              <ConnectorState connector={connector} />
              <span className={classes['origin']}>{t(`connectors.origin.${connector.origin}`)}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
