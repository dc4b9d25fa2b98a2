import { useMutation } from '@apollo/client/react'
import { Button, Modal } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { ConnectorsDocument, DeleteConnectorDocument, type ConnectorFieldsFragment } from '@/gql/pages/graphql'
import { problemOf } from '@/lib/problem'
import { useProblemText } from '@/session/use-problem-text'
import classes from './Connectors.module.css'

/** Asks before a connector is deleted, and says what that means. */
export function DeleteConnector({ connector }: { connector: ConnectorFieldsFragment }) {
  const { t } = useTranslation()
  const say = useProblemText('systems')
  const [, navigate] = useLocation()
  const [opened, setOpened] = useState(false)
  const [remove, { loading, error }] = useMutation(DeleteConnectorDocument, { refetchQueries: [ConnectorsDocument] })
  const { id, version, name } = connector
  const problem = error && problemOf(error)
  return (
    <>
      <Button variant="subtle" color="red" onClick={() => setOpened(true)}>
        {t('connectors.delete')}
      </Button>
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        title={t('connectors.deleteTitle', { name })}
        closeButtonProps={{ 'aria-label': t('connectors.keep') }}
      >
        <p>{t('connectors.deleteHint')}</p>
        {problem && (
          <p role="alert" className={classes['wrong']}>
            {problem.code === 'CONFLICT' ? t('connectors.conflict') : say(problem)}
          </p>
        )}
        <div className={classes['actions']}>
          <Button
            color="red.9"
            loading={loading}
            onClick={() => {
              remove({ variables: { id, version } }).then(
                () => navigate('/connectors'),
                () => {}, // shown above
              )
            }}
          >
            {t('connectors.delete')}
          </Button>
          <Button variant="default" onClick={() => setOpened(false)}>
            {t('connectors.keep')}
          </Button>
        </div>
      </Modal>
    </>
  )
}
