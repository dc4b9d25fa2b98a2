import { ApolloProvider } from '@apollo/client/react'
import type { ApolloClient } from '@apollo/client'
import { MantineProvider } from '@mantine/core'
import { StrictMode, useState } from 'react'
import { Boundary } from '@/components/Boundary'
import { makeClient } from '@/lib/apollo'
import { Observable } from '@/lib/observable'
import type { Outside } from '@/session/services'
import { Entrance } from './Entrance'
import { theme, variables } from './theme'

interface AppProps {
  /** Makes the client; the default one speaks to the server over HTTP. */
  client?: (onSignedOut: () => void) => ApolloClient
  outside?: Outside
}

/** The application. Tests give a client and an outside of their own. */
export function App({ client: given, outside }: AppProps) {
  const [{ client, refusals }] = useState(() => {
    const refusals = new Observable(0)
    const onSignedOut = () => refusals.set(refusals.get() + 1)
    return { refusals, client: given ? given(onSignedOut) : makeClient(onSignedOut) }
  })
  return (
    <StrictMode>
      <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
        <ApolloProvider client={client}>
          <Boundary>
            <Entrance refusals={refusals} outside={outside} />
          </Boundary>
        </ApolloProvider>
      </MantineProvider>
    </StrictMode>
  )
}
