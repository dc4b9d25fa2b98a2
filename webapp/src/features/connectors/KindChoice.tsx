import { Link } from 'wouter'
import { useTranslation } from 'react-i18next'
import type { ConnectorKindsQuery } from '@/gql/pages/graphql'
import { useWords } from './words'
import classes from './Connectors.module.css'

/** What kind of system is to be connected. */
export function KindChoice({ kinds }: { kinds: ConnectorKindsQuery['connectorKinds'] }) {
  const { t } = useTranslation()
  const words = useWords()
  const order = ['onec', 'httpjson', 'csvfile']
  const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length)
  const sorted = [...kinds].sort((a, b) => place(a.name) - place(b.name))
  return (
    <>
      <p className={classes['intro']}>{t('connectors.choose')}</p>
      <ul className={classes['kinds']}>
        {sorted.map(({ name, presets }) => (
          <li key={name}>
            <Link to={`/connectors/new/${encodeURIComponent(name)}`} className={classes['choice']}>
              <span className={classes['name']}>{words.kind(name)}</span>
              <span className={classes['dim']}>{words.about(name)}</span>
              {presets.length > 0 && (
                <span className={classes['dim']}>
                  {[...new Set(presets.map((preset) => words.preset(preset).replace(/ \(.*/u, '')))].join(', ')}
                </span>
              )}
            </Link>
          </li>
        ))}
      </ul>
      <p className={classes['intro']}>{t('connectors.fileOnly')}</p>
    </>
  )
}
