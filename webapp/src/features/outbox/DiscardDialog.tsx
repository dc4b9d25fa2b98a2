import { Button, Modal } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import classes from './Outbox.module.css'
import type { Entry } from './use-outbox'

interface DiscardDialogProps {
  entry: Entry
  onDiscard: () => Promise<void>
  onClose: () => void
}

/** Asks once more: what is discarded never comes into the customer system. */
export function DiscardDialog({ entry, onDiscard, onClose }: DiscardDialogProps) {
  const { t } = useTranslation()
  const [busy, setBusy] = useState(false)
  return (
    <Modal opened onClose={onClose} title={t('outbox.discardTitle')} closeButtonProps={{ 'aria-label': t('close') }}>
      <p>{t('outbox.discardText', { system: entry.connectorName })}</p>
      <div className={classes['buttons']}>
        <Button variant="default" onClick={onClose} data-autofocus>
          {t('outbox.keep')}
        </Button>
        <Button
          color="red.9"
          loading={busy}
          onClick={() => {
            setBusy(true)
            void onDiscard().finally(() => setBusy(false))
          }}
        >
          {t('outbox.discard')}
        </Button>
      </div>
    </Modal>
  )
}
