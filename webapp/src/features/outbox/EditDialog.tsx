import { Button, Modal, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { EditOutboxEntryInput } from '@/gql/pages/graphql'
import type { Problem } from '@/lib/problem'
import { useProblemText } from '@/session/use-problem-text'
import { correctionOf, draftOf, isWrong } from './correction'
import { CustomerChoice } from './CustomerChoice'
import classes from './Outbox.module.css'
import type { Entry } from './use-outbox'

interface EditDialogProps {
  entry: Entry
  problem: Problem | undefined
  onSave: (input: EditOutboxEntryInput) => Promise<void>
  onClose: () => void
}

/** Puts right what can be wrong in a record: whose it is, the number, the comment. */
export function EditDialog({ entry, problem, onSave, onClose }: EditDialogProps) {
  const { t } = useTranslation()
  const problemText = useProblemText('systems')
  const [draft, setDraft] = useState(() => draftOf(entry))
  const [busy, setBusy] = useState(false)
  const wrong = problem?.fields
  return (
    <Modal opened onClose={onClose} title={t('outbox.editTitle')} closeButtonProps={{ 'aria-label': t('close') }}>
      <form
        className={classes['form']}
        onSubmit={(event) => {
          event.preventDefault()
          setBusy(true)
          void onSave(correctionOf(entry, draft)).finally(() => setBusy(false))
        }}
      >
        <CustomerChoice
          entry={entry}
          chosen={draft.customerId}
          error={isWrong(wrong, 'customerId') ? t('outbox.wrongCustomer', { system: entry.connectorName }) : ''}
          onChoose={(customerId) => setDraft({ ...draft, customerId })}
        />
        <TextInput
          label={t('outbox.number')}
          value={draft.number}
          error={isWrong(wrong, 'number') ? t('outbox.wrongNumber') : undefined}
          onChange={(event) => setDraft({ ...draft, number: event.currentTarget.value })}
        />
        {entry.kind === 'CALL' && (
          <Textarea
            label={t('outbox.comment')}
            autosize
            minRows={2}
            maxRows={8}
            value={draft.comment}
            error={isWrong(wrong, 'comment') ? t('outbox.wrongComment') : undefined}
            onChange={(event) => setDraft({ ...draft, comment: event.currentTarget.value })}
          />
        )}
        {problem && wrong === undefined && (
          <p className={classes['problem']} role="alert">
            {problemText(problem)}
          </p>
        )}
        <div className={classes['buttons']}>
          <Button variant="default" onClick={onClose}>
            {t('outbox.cancel')}
          </Button>
          <Button type="submit" loading={busy}>
            {t('outbox.saveAndRetry')}
          </Button>
        </div>
      </form>
    </Modal>
  )
}
