import type { ApolloClient } from '@apollo/client'
import { ViewerDocument } from '@/gql/graphql'
import type { PhoneActor } from '@/phone/machine'

/**
 * Has the phone in this page while the operator's device is the page, and none while it is a desk phone, whenever that is changed. A
 * conversation that goes on here is not cut off: the phone ends after it. Returns what ends the phone.
 */
export function followDevice(client: ApolloClient, phone: PhoneActor, take: boolean): () => void {
  let on = false
  let wanted = take
  const settle = () => {
    const desk = client.readQuery({ query: ViewerDocument })?.viewer.operator?.device === 'DESK'
    if (!desk && !on) {
      on = true
      phone.send({ type: 'START', take: wanted })
    } else if (desk && on && phone.getSnapshot().context.sessions.size === 0) {
      on = false
      phone.send({ type: 'STOP' })
    }
    wanted = false
  }
  const viewer = client.watchQuery({ query: ViewerDocument, fetchPolicy: 'cache-only' }).subscribe(settle)
  const voice = phone.subscribe(settle)
  settle()
  return () => {
    viewer.unsubscribe()
    voice.unsubscribe()
    phone.send({ type: 'STOP' })
  }
}
