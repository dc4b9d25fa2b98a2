import { ApolloClient, ApolloLink, Observable } from '@apollo/client'
import { expect, test } from 'vitest'
import { makeCache } from '@/lib/apollo'
import { openPage } from './opening'

test('who is here is asked before anything is drawn', () => {
  const asked: (string | undefined)[] = []
  const link = new ApolloLink(({ operationName }) => {
    asked.push(operationName)
    return new Observable(() => {})
  })
  openPage(() => new ApolloClient({ cache: makeCache(), link }))
  expect(asked).toEqual(['Viewer'])
})

test('a server that does not answer is left to whoever waits for the answer', async () => {
  const link = new ApolloLink(() => new Observable((observer) => observer.error(new Error('away'))))
  let signOut = () => {}
  const { viewer, refusals } = openPage((onSignedOut) => {
    signOut = onSignedOut
    return new ApolloClient({ cache: makeCache(), link })
  })
  await expect(viewer).rejects.toThrow('away')
  signOut()
  expect(refusals.get()).toBe(1)
})
