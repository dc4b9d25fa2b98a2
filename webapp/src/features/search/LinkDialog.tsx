import { Button, Modal, TextInput, UnstyledButton } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Search } from '@/components/icons'
import { CustomerLine, SearchRemark } from './SearchBox'
import classes from './Search.module.css'
import { useCustomerSearch } from './use-customer-search'

interface LinkDialogProps {
  opened: boolean
  /** Why nobody can be linked now; empty when they can. */
  reason: string
  /** The number that the choice is remembered for; empty when withheld. */
  number: string
  onPick: (customerId: string) => void
  onClose: () => void
  /** Who is linked now, and the way to end that. */
  linked?: { id: string; name: string } | undefined
  onUnlink?: () => void
  /** What is shown until somebody searches. */
  children?: ReactNode
}

/** Chooses the customer of a call by search, or says that it is not them. */
export function LinkDialog(props: LinkDialogProps) {
  const { t } = useTranslation()
  const { opened, reason, number, onPick, onClose, linked, onUnlink, children } = props
  const [text, setText] = useState('')
  const { found, state } = useCustomerSearch(text)
  return (
    <Modal opened={opened} onClose={onClose} title={t('link.title')} closeButtonProps={{ 'aria-label': t('close') }}>
      <div className={classes['link']}>
        {onUnlink && (
          <Unlink key={String(opened)} linked={linked} reason={reason} onUnlink={onUnlink} onUndo={onPick} />
        )}
        <TextInput
          data-autofocus
          aria-label={t('link.search')}
          placeholder={t('link.search')}
          leftSection={<Search size={16} aria-hidden />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        {state === 'idle' && children}
        <ul className={classes['results']} aria-label={t('link.results')}>
          {found.map((customer) => (
            <li key={customer.id}>
              <UnstyledButton
                className={classes['result']}
                title={reason}
                disabled={reason !== ''}
                onClick={() => onPick(customer.id)}
              >
                <CustomerLine customer={customer} />
              </UnstyledButton>
            </li>
          ))}
        </ul>
        {found.length === 0 && state !== 'idle' && <SearchRemark state={state} />}
        <p className={classes['remark']}>{number === '' ? t('link.once') : t('link.remember', { number })}</p>
      </div>
    </Modal>
  )
}

/** Who is linked now; and, once they are not any more, the way back. */
function Unlink(props: {
  linked: { id: string; name: string } | undefined
  reason: string
  onUnlink: () => void
  onUndo: (customerId: string) => void
}) {
  const { t } = useTranslation()
  const { linked, reason, onUnlink, onUndo } = props
  const [former, setFormer] = useState<{ id: string; name: string }>()
  const button = { size: 'xs', variant: 'default', title: reason, disabled: reason !== '' } as const
  if (former)
    return (
      <p className={classes['linked']} role="status">
        {t('link.unlinked', { name: former.name })}
        <Button {...button} onClick={() => onUndo(former.id)}>
          {t('link.undo')}
        </Button>
      </p>
    )
  if (!linked) return null
  const unlink = () => {
    setFormer(linked)
    onUnlink()
  }
  return (
    <p className={classes['linked']}>
      {t('link.current', { name: linked.name })}
      <Button {...button} aria-label={t('link.unlinkName', { name: linked.name })} onClick={unlink}>
        {t('link.unlink')}
      </Button>
    </p>
  )
}
