import { expect, test } from 'vitest'
import { draftOf, inputOf, wrongFields } from './draft'

const known = { number: '+7 916 123-45-67', name: 'Склад, Николай', systemId: 'crm' }
const wish = { key: 'k1', callId: 'call1', confirmed: false }

test('what is known of the caller is filled in, but no number for a name', () => {
  expect(draftOf(known)).toMatchObject({ ...known, kind: 'PERSON', email: '' })
  expect(draftOf({ ...known, name: '+79161234567' }).name).toBe('')
})

test('empty fields are not sent', () => {
  expect(inputOf({ ...draftOf(known), email: '  ', comment: ' просила счёт ' }, wish)).toEqual({
    key: 'k1',
    callId: 'call1',
    confirmed: false,
    systemId: 'crm',
    kind: 'PERSON',
    name: 'Склад, Николай',
    company: null,
    taxId: null,
    number: '+7 916 123-45-67',
    email: null,
    comment: 'просила счёт',
  })
})

test('a company has its name once', () => {
  const draft = { ...draftOf(known), kind: 'COMPANY' as const, name: 'Василёк', company: 'typed before' }
  expect(inputOf(draft, { ...wish, callId: undefined })).toMatchObject({ name: 'Василёк', company: null, callId: null })
})

test('the fields that the server named', () => {
  const problem = { code: 'BAD_USER_INPUT' as const, message: '', fields: ['email', 'key'] }
  expect([...wrongFields(problem)]).toEqual(['email'])
  expect([...wrongFields(undefined)]).toEqual([])
})
