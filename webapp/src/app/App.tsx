import { ApolloProvider } from '@apollo/client/react'
import type { ApolloClient } from '@apollo/client'
import { MantineProvider } from '@mantine/core'
import { StrictMode, useMemo, useState } from 'react'
import { BrowserRouter } from 'react-router'
import { makeClient } from '@/lib/apollo'
import { Entrance } from './Entrance'
import { theme, variables } from './theme'

/** The application. Tests give a client of their own. */
export function App({ client: given }: { client?: (onSignedOut: () => void) => ApolloClient }) {
  const [signedOut, setSignedOut] = useState(0)
  const client = useMemo(() => {
    const onSignedOut = () => setSignedOut((n) => n + 1)
    return given ? given(onSignedOut) : makeClient(onSignedOut)
  }, [given])
  return (
    <StrictMode>
      <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
        <ApolloProvider client={client}>
          <BrowserRouter>
            <Entrance signedOut={signedOut} />
          </BrowserRouter>
        </ApolloProvider>
      </MantineProvider>
    </StrictMode>
  )
}
