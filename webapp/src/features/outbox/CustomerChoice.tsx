import { useQuery } from '@apollo/client/react'
import { Button, Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { SearchCustomersDocument } from '@/gql/graphql'
import classes from './Outbox.module.css'
import type { Entry } from './use-outbox'

interface CustomerChoiceProps {
  entry: Entry
  /** undefined: as it is; null: nobody. */
  chosen: string | null | undefined
  error: string
  onChoose: (customerId: string | null) => void
}

const shortest = 2
const found = 20

/** Whose record it is: a customer of the same system, or nobody. */
export function CustomerChoice({ entry, chosen, error, onChoose }: CustomerChoiceProps) {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  const [search] = useDebouncedValue(text.trim(), 200)
  const { data } = useQuery(SearchCustomersDocument, {
    variables: { search, first: found },
    skip: search.length < shortest,
  })
  // Another system does not know them.
  const options = (data?.customers ?? [])
    .filter((customer) => customer.source === entry.connectorId)
    .map((customer) => ({
      value: customer.id,
      label:
        customer.company && customer.company !== customer.name
          ? `${customer.name}, ${customer.company}`
          : customer.name,
    }))
  const now = chosen === null || entry.customerId === null ? t('outbox.nobody') : entry.customerName || entry.customerId
  return (
    <div className={classes['choice']}>
      <Select
        label={t('outbox.customer')}
        description={chosen === undefined || chosen === null ? t('outbox.customerNow', { name: now }) : undefined}
        placeholder={t('outbox.customerSearch', { system: entry.connectorName })}
        searchable
        data={options}
        filter={({ options: all }) => all} // the server has found them
        nothingFoundMessage={search.length < shortest ? undefined : t('outbox.nobodyFound')}
        value={chosen ?? null}
        searchValue={text}
        onSearchChange={setText}
        error={error === '' ? undefined : error}
        onChange={(value) => {
          if (value !== null) onChoose(value)
        }}
        comboboxProps={{ shadow: 'none' }}
      />
      {entry.customerId !== null && chosen !== null && (
        <Button size="compact-sm" variant="subtle" className={classes['nobody']} onClick={() => onChoose(null)}>
          {t('outbox.unlink')}
        </Button>
      )}
    </div>
  )
}
