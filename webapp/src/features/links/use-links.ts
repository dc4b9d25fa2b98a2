import { useMutation } from '@apollo/client/react'
import { useState } from 'react'
import { LinkNumberDocument, UnlinkNumberDocument } from '@/gql/pages/graphql'
import { problemOf, type Problem } from '@/lib/problem'

/** What became of a number of the list: it stays in its place until the list is read anew. */
export interface Outcome {
  readonly customer: { readonly id: string; readonly name: string }
  /** Past calls that have the customer now. */
  readonly calls: number
  /** It was taken back. */
  readonly undone: boolean
}

/** Links numbers and takes it back; what was done is shown beside the number. */
export function useLinks() {
  const [linked, setLinked] = useState<ReadonlyMap<string, Outcome>>(new Map())
  const [problem, setProblem] = useState<Problem>()
  const [mutateLink, linking] = useMutation(LinkNumberDocument)
  const [mutateUnlink, unlinking] = useMutation(UnlinkNumberDocument)

  const note = (number: string, outcome: Outcome) => setLinked((before) => new Map(before).set(number, outcome))
  const attempt = async (work: () => Promise<void>) => {
    setProblem(undefined)
    try {
      await work()
    } catch (error) {
      setProblem(problemOf(error))
    }
  }
  const made = (number: string, customer: Outcome['customer'], calls: number) =>
    note(number, { customer, calls, undone: false })

  const link = async (number: string, customerId: string) =>
    attempt(async () => {
      const { data } = await mutateLink({ variables: { input: { number, customerId } } })
      const customer = data?.linkNumber.customer
      if (data && customer)
        made(number, { id: customer.id, name: customer.name || customer.company }, data.linkNumber.calls)
    })

  const undo = async (number: string) => {
    const outcome = linked.get(number)
    if (!outcome) return
    await attempt(async () => {
      await mutateUnlink({ variables: { input: { number, customerId: outcome.customer.id } } })
      note(number, { ...outcome, undone: true })
    })
  }
  return { link, undo, made, linked, problem, busy: linking.loading || unlinking.loading }
}
