import { useQuery } from '@apollo/client/react'
import { Button, Modal } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Plus } from '@/components/icons'
import { ContactSystemsDocument } from '@/gql/pages/graphql'
import { CreateForm, type FormProps } from './CreateForm'

interface CreateCustomerProps extends Omit<FormProps, 'systems' | 'onDone' | 'display'> {
  number: { readonly display: string; readonly kind: string }
  /** Why nobody can be created now; empty when they can. */
  reason: string
  /** What the button says, where there is little room. */
  short?: boolean
}

/** The way to a new customer, where there is a system that takes one: a button, and the form behind it. */
export function CreateCustomer({ reason, short = false, number, ...form }: CreateCustomerProps) {
  const { t } = useTranslation()
  const [opened, setOpened] = useState(false)
  const { data } = useQuery(ContactSystemsDocument)
  const systems = data?.contactSystems ?? []
  if (systems.length === 0) return null
  return (
    <>
      <Button
        variant="default"
        size="xs"
        title={reason}
        disabled={reason !== ''}
        leftSection={<Plus size={14} aria-hidden />}
        aria-label={short ? t('links.createFor', { number: number.display }) : undefined}
        onClick={() => setOpened(true)}
      >
        {short ? t('links.create') : t('create.button')}
      </Button>
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        title={t('create.title')}
        closeButtonProps={{ 'aria-label': t('close') }}
      >
        <CreateForm
          {...form}
          display={number.kind === 'PUBLIC' ? number.display : ''}
          systems={systems}
          onDone={() => setOpened(false)}
        />
      </Modal>
    </>
  )
}
