import { useMutation } from '@apollo/client/react'
import { Button, NativeSelect, SegmentedControl, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CreateCustomerDocument, type CreateCustomerMutation } from '@/gql/pages/graphql'
import { problemOf } from '@/lib/problem'
import { useProblemText } from '@/session/use-problem-text'
import classes from './Create.module.css'
import { draftOf, inputOf, wrongFields, type Draft, type FieldName } from './draft'
import { Duplicates } from './Duplicates'

export interface FormProps {
  systems: readonly { readonly id: string; readonly name: string }[]
  /** The caller's number, as people read it; empty when withheld. */
  display: string
  /** What the network calls them. */
  name: string
  /** The call that is linked to the new customer. */
  callId?: string
  onCreated?: (customer: { id: string; name: string }, calls: number) => void
  /** It is somebody who is there already. */
  onPick: (customerId: string) => void
  onDone: () => void
}

type Found = CreateCustomerMutation['createCustomer']['duplicates']

const kinds = ['PERSON', 'COMPANY', 'LEAD'] as const

/** A new customer: what is known is filled in, and whoever may be the same is shown before anything is made. */
export function CreateForm({ systems, display, name, callId, onCreated, onPick, onDone }: FormProps) {
  const { t } = useTranslation()
  const problemText = useProblemText('systems')
  const [draft, setDraft] = useState<Draft>(() => draftOf({ number: display, name, systemId: systems[0]?.id ?? '' }))
  // Names the wish: asked again after a lost answer, nobody is made twice.
  const [key] = useState(() => crypto.randomUUID())
  const [found, setFound] = useState<Found>([])
  const [create, { loading, error }] = useMutation(CreateCustomerDocument)
  const problem = error && problemOf(error)
  const wrong = wrongFields(problem)
  const change = (fields: Partial<Draft>) => setDraft((before) => ({ ...before, ...fields }))

  const send = async (confirmed: boolean) => {
    const answer = await create({ variables: { input: inputOf(draft, { key, callId, confirmed }) } }).catch(
      () => undefined,
    )
    const made = answer?.data?.createCustomer
    if (!made) return // the refusal is shown
    setFound(made.duplicates)
    if (!made.customer) return
    onDone()
    onCreated?.({ id: made.customer.id, name: made.customer.name || made.customer.company }, made.calls)
  }

  const refusal = problem && wrong.size === 0 && (
    <p role="alert" className={classes['problem']}>
      {problem.message || problemText(problem)}
    </p>
  )
  if (found.length > 0)
    return (
      <div className={classes['form']}>
        <Duplicates
          found={found}
          onPick={(customerId) => {
            onDone()
            onPick(customerId)
          }}
        />
        {refusal}
        <div className={classes['buttons']}>
          <Button variant="subtle" onClick={() => setFound([])}>
            {t('create.back')}
          </Button>
          <Button variant="default" loading={loading} onClick={() => void send(true)}>
            {t('create.anyway')}
          </Button>
        </div>
      </div>
    )

  const field = (which: FieldName) => ({
    value: draft[which],
    onChange: (event: { currentTarget: { value: string } }) => change({ [which]: event.currentTarget.value }),
    error: wrong.has(which) && t(`create.wrong.${which}`),
  })
  return (
    <form
      className={classes['form']}
      onSubmit={(event) => {
        event.preventDefault()
        void send(false)
      }}
      noValidate
    >
      {systems.length > 1 && (
        <NativeSelect
          label={t('create.system')}
          data={systems.map((system) => ({ value: system.id, label: system.name }))}
          value={draft.systemId}
          onChange={(event) => change({ systemId: event.currentTarget.value })}
        />
      )}
      <SegmentedControl
        aria-label={t('create.kind')}
        data={kinds.map((value) => ({ value, label: t(`create.kinds.${value}`) }))}
        value={draft.kind}
        onChange={(kind) => change({ kind })}
      />
      <TextInput
        data-autofocus
        label={draft.kind === 'COMPANY' ? t('create.companyName') : t('create.name')}
        {...field('name')}
      />
      {draft.kind !== 'COMPANY' && <TextInput label={t('create.company')} {...field('company')} />}
      <TextInput type="tel" label={t('create.number')} {...field('number')} />
      <TextInput type="email" label={t('create.email')} {...field('email')} />
      <TextInput label={t('create.taxId')} {...field('taxId')} />
      <Textarea autosize minRows={2} maxRows={6} label={t('create.comment')} {...field('comment')} />
      {refusal}
      <div className={classes['buttons']}>
        {loading && <span role="status">{t('create.checking')}</span>}
        <Button type="submit" loading={loading}>
          {t('create.submit')}
        </Button>
      </div>
    </form>
  )
}
