import { Modal, TextInput, UnstyledButton } from '@mantine/core'
import { useState } from 'react'
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
}

/** Chooses the customer of a call by search. */
export function LinkDialog({ opened, reason, number, onPick, onClose }: LinkDialogProps) {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  const { found, state } = useCustomerSearch(text)
  return (
    <Modal opened={opened} onClose={onClose} title={t('link.title')} closeButtonProps={{ 'aria-label': t('close') }}>
      <div className={classes['link']}>
        <TextInput
          data-autofocus
          aria-label={t('link.search')}
          placeholder={t('link.search')}
          leftSection={<Search size={16} aria-hidden />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
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
