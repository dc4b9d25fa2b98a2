import { useQuery } from '@apollo/client/react'
import { useDebouncedValue } from '@mantine/hooks'
import type { CustomerInfo } from '@/feed/model'
import { SearchCustomersDocument } from '@/gql/graphql'
import { problemOf, type Problem } from '@/lib/problem'

interface CustomerSearch {
  readonly found: readonly CustomerInfo[]
  readonly state: 'idle' | 'searching' | 'done' | 'failed'
  readonly problem: Problem | undefined
}

/** The shortest text that is searched for. */
const shortest = 2

/** Customers by words of a name, company, or digits of a number, as one types. */
export function useCustomerSearch(text: string): CustomerSearch {
  const [search] = useDebouncedValue(text.trim(), 200)
  const skip = search.length < shortest
  const { data, loading, error } = useQuery(SearchCustomersDocument, { variables: { search, first: 8 }, skip })
  const waiting = loading || search !== text.trim()
  return {
    found: skip ? [] : (data?.customers ?? []),
    state: text.trim().length < shortest ? 'idle' : waiting ? 'searching' : error ? 'failed' : 'done',
    problem: error && !skip ? problemOf(error) : undefined,
  }
}
