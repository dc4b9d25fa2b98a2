import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { People } from '@/components/icons'
import type { CreateCustomerMutation } from '@/gql/pages/graphql'
import classes from './Create.module.css'

interface DuplicatesProps {
  found: CreateCustomerMutation['createCustomer']['duplicates']
  onPick: (customerId: string) => void
}

/** Those who may be the new customer, and why. A person decides. */
export function Duplicates({ found, onPick }: DuplicatesProps) {
  const { t } = useTranslation()
  return (
    <>
      <p className={classes['lead']}>
        <People size={18} aria-hidden />
        {t('create.duplicates')}
      </p>
      <ul className={classes['found']}>
        {found.map(({ customer, why }) => {
          const name = customer.name || customer.company || t('customer.noName')
          return (
            <li key={customer.id}>
              <div className={classes['who']}>
                <span className={classes['name']}>{name}</span>
                {customer.company !== '' && customer.company !== name && <span>{customer.company}</span>}
                <span className={classes['small']}>
                  {[
                    ...why.map((same) => t(`create.same.${same}`)),
                    customer.numbers[0]?.number.display,
                    customer.responsible,
                  ]
                    .filter(Boolean)
                    .join(' · ')}
                </span>
              </div>
              <Button
                size="xs"
                variant="default"
                aria-label={t('create.takeName', { name })}
                onClick={() => onPick(customer.id)}
              >
                {t('create.take')}
              </Button>
            </li>
          )
        })}
      </ul>
    </>
  )
}
