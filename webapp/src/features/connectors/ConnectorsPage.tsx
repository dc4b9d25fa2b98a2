import { useQuery } from '@apollo/client/react'
import { useTranslation } from 'react-i18next'
import { Link, Redirect, Route, Switch } from 'wouter'
import { Back } from '@/components/icons'
import { ConnectorKindsDocument, ConnectorsDocument } from '@/gql/pages/graphql'
import { problemOf } from '@/lib/problem'
import { useProblemText } from '@/session/use-problem-text'
import { ConnectorEditor } from './ConnectorEditor'
import { ConnectorList } from './ConnectorList'
import { FileConnector } from './FileConnector'
import { KindChoice } from './KindChoice'
import { draftOf, newDraft } from './draft'
import { freeId } from './fields'
import classes from './Connectors.module.css'

/** Customer systems: which there are and how they are, another one, and each with its settings. For administrators. */
export function ConnectorsPage() {
  const { t } = useTranslation()
  const say = useProblemText('systems')
  const list = useQuery(ConnectorsDocument, { fetchPolicy: 'cache-and-network', pollInterval: 10_000 })
  const kinds = useQuery(ConnectorKindsDocument)
  const all = list.data?.connectors
  const known = kinds.data?.connectorKinds
  const error = list.error ?? kinds.error

  if (!all || !known)
    return (
      <Frame back="/" title={t('connectors.title')}>
        {error ? (
          <p role="alert" className={classes['wrong']}>
            {say(problemOf(error))}
          </p>
        ) : (
          <p className={classes['intro']}>{t('connectors.loading')}</p>
        )}
      </Frame>
    )
  const taken = all.map(({ id }) => id)
  return (
    <Switch>
      <Route path="/connectors">
        <Frame back="/" title={t('connectors.title')}>
          <p className={classes['intro']}>{t('connectors.intro')}</p>
          <ConnectorList all={all} />
        </Frame>
      </Route>
      <Route path="/connectors/new">
        <Frame back="/connectors" title={t('connectors.add')}>
          <KindChoice kinds={known} />
        </Frame>
      </Route>
      <Route path="/connectors/new/:kind">
        {({ kind: name }) => {
          const kind = known.find((one) => one.name === name)
          if (!kind) return <Redirect to="/connectors/new" replace />
          return (
            <Frame back="/connectors/new" title={t('connectors.add')}>
              <ConnectorEditor key={name} kind={kind} begun={newDraft(name, freeId(name, taken))} stored={[]} />
            </Frame>
          )
        }}
      </Route>
      <Route path="/connectors/:id">
        {({ id }) => {
          const connector = all.find((one) => one.id === id)
          const kind = known.find((one) => one.name === connector?.kind)
          if (!connector) return <Redirect to="/connectors" replace />
          return (
            <Frame back="/connectors" title={connector.name}>
              {connector.origin === 'FILE' || !kind ? (
                <FileConnector connector={connector} />
              ) : (
                <ConnectorEditor
                  key={id}
                  kind={kind}
                  begun={draftOf(connector)}
                  stored={connector.secrets}
                  connector={connector}
                />
              )}
            </Frame>
          )
        }}
      </Route>
      <Route>
        <Redirect to="/connectors" replace />
      </Route>
    </Switch>
  )
}

function Frame({ back, title, children }: { back: string; title: string; children: React.ReactNode }) {
  const { t } = useTranslation()
  return (
    <main className={classes['page']}>
      <div className={classes['inside']}>
        <Link to={back} className={classes['back']}>
          <Back size={16} aria-hidden />
          {t(back === '/' ? 'settings.back' : 'connectors.back')}
        </Link>
        <h1 className={classes['title']}>{title}</h1>
        {children}
      </div>
    </main>
  )
}
