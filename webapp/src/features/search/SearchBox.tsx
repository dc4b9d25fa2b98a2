import { Combobox, Loader, TextInput, useCombobox } from '@mantine/core'
import { useState, type RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import { Outbound, Search } from '@/components/icons'
import { Keys } from '@/components/Keys'
import type { CustomerInfo } from '@/feed/model'
import { looksLikeNumber } from '@/lib/format'
import { control } from '@/lib/platform'
import classes from './Search.module.css'
import { useCustomerSearch } from './use-customer-search'

interface SearchBoxProps {
  inputRef: RefObject<HTMLInputElement | null>
  onPick: (customer: CustomerInfo) => void
  dial: { readonly reason: string; readonly dial: (number: string) => void }
}

const dialOption = 'dial'

/** Finds a customer, or dials what was typed. */
export function SearchBox({ inputRef, onPick, dial }: SearchBoxProps) {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  const { found, state } = useCustomerSearch(text)
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() })
  const canDial = looksLikeNumber(text)

  const submit = (value: string) => {
    if (value === dialOption) dial.dial(text.trim())
    else {
      const customer = found.find((other) => other.id === value)
      if (customer) onPick(customer)
    }
    setText('')
    combobox.closeDropdown()
    inputRef.current?.blur()
  }

  return (
    <Combobox
      store={combobox}
      onOptionSubmit={submit}
      shadow="none"
      width="min(460px, 100vw - 16px)"
      position="bottom-start"
      middlewares={{ shift: true }}
    >
      <Combobox.Target>
        <TextInput
          ref={inputRef}
          className={classes['search']}
          aria-label={t('search.label')}
          aria-keyshortcuts="Control+K Meta+K"
          placeholder={t('search.label')}
          leftSection={<Search size={16} aria-hidden />}
          rightSection={state === 'searching' ? <Loader size={14} /> : <Keys>{`${control}K`}</Keys>}
          rightSectionWidth={64}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value)
            combobox.openDropdown()
            combobox.selectFirstOption()
          }}
          onFocus={() => combobox.openDropdown()}
          onBlur={() => combobox.closeDropdown()}
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return
            setText('')
            event.currentTarget.blur()
          }}
        />
      </Combobox.Target>
      <Combobox.Dropdown hidden={state === 'idle' && !canDial}>
        <Combobox.Options aria-label={t('search.label')} mah={400} className={classes['options']}>
          {canDial && (
            <Combobox.Option value={dialOption} disabled={dial.reason !== ''} className={classes['option']}>
              <Outbound size={16} aria-hidden />
              <span>{t('search.dial', { number: text.trim() })}</span>
              {dial.reason !== '' && <span className={classes['small']}>{dial.reason}</span>}
            </Combobox.Option>
          )}
          {found.map((customer) => (
            <Combobox.Option key={customer.id} value={customer.id}>
              <CustomerLine customer={customer} />
            </Combobox.Option>
          ))}
          {found.length === 0 && state !== 'idle' && <SearchRemark state={state} />}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  )
}

/** A customer as a line of results. */
export function CustomerLine({ customer }: { customer: CustomerInfo }) {
  const first = customer.numbers[0]
  return (
    <span className={classes['line']}>
      <span className={classes['name']}>{customer.name}</span>
      <span className={classes['small']}>
        {[customer.company === customer.name ? '' : customer.company, first?.number.display, customer.sourceName]
          .filter(Boolean)
          .join(' · ')}
      </span>
    </span>
  )
}

/** Why there are no results. */
export function SearchRemark({ state }: { state: 'searching' | 'done' | 'failed' }) {
  const { t } = useTranslation()
  const words = { searching: t('search.searching'), done: t('search.nothing'), failed: t('search.failed') }
  return <p className={classes['remark']}>{words[state]}</p>
}
