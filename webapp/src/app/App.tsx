import { ApolloProvider } from '@apollo/client/react'
import type { ApolloClient } from '@apollo/client'
import { MantineProvider } from '@mantine/core'
import { StrictMode, useState } from 'react'
import { Boundary } from '@/components/Boundary'
import { openPage, type Opening } from '@/session/opening'
import type { Outside } from '@/session/services'
import { Entrance } from './Entrance'
import { theme, variables } from './theme'

interface AppProps {
  /** Makes the client; the default one speaks to the server over HTTP. */
  client?: (onSignedOut: () => void) => ApolloClient
  outside?: Outside
  /** The page as it was opened before it is drawn. */
  opening?: Opening
}

/** The application. Tests give a client and an outside of their own. */
export function App({ client: given, outside, opening }: AppProps) {
  const [{ client, refusals, viewer }] = useState(() => opening ?? openPage(given))
  return (
    <StrictMode>
      <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
        <ApolloProvider client={client}>
          <Boundary>
            <Entrance refusals={refusals} viewer={viewer} outside={outside} />
          </Boundary>
        </ApolloProvider>
      </MantineProvider>
    </StrictMode>
  )
}
