// A small GraphQL server with the real schema, for looking at screens without a Pult: `npm run mock`, then `npm run dev`,
// then /__mock. It also serves the built app from dist, as the screenshots want it. A dev tool, never shipped.

import { graphql } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { extname, join } from 'node:path'
import { WebSocketServer } from 'ws'
import { resetWorld, schema, worldOf, type Context } from '../src/testing/schema.ts'
import { scenarioNames } from '../src/testing/world.ts'

const here = import.meta.dirname

function contextOf(request: IncomingMessage): Context {
  const scenario = /pult-mock=([\w-]+)/u.exec(request.headers.cookie ?? '')?.[1] ?? 'idle'
  return { scenario, world: worldOf(scenario) }
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
}

const policy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:; img-src 'self' data:; object-src 'none'"

const server = createServer((request, response) => {
  void (async () => {
    const url = new URL(request.url ?? '/', 'http://mock')
    if (url.pathname === '/__mock') {
      const scenario = url.searchParams.get('scenario') ?? ''
      resetWorld(scenario)
      if (scenario) response.setHeader('Set-Cookie', `pult-mock=${scenario}; Path=/`)
      response.setHeader('Content-Type', 'text/html; charset=utf-8')
      if (scenario) response.writeHead(302, { Location: '/' }).end()
      else
        response.end(['signin', ...scenarioNames].map((name) => `<p><a href="?scenario=${name}">${name}</a>`).join(''))
      return
    }
    if (url.pathname === '/graphql') {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const { query, variables, operationName } = JSON.parse(Buffer.concat(chunks).toString()) as Record<
        string,
        unknown
      >
      const result = await graphql({
        schema,
        source: String(query),
        variableValues: variables as Record<string, unknown>,
        operationName: operationName as string,
        contextValue: contextOf(request),
      })
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(result))
      return
    }
    const file = join(here, '../dist', extname(url.pathname) ? url.pathname : 'index.html')
    if (!existsSync(file)) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, {
      'Content-Type': types[extname(file)] ?? 'application/octet-stream',
      'Content-Security-Policy': policy,
    })
    response.end(readFileSync(file))
  })()
})

const sockets = new WebSocketServer({ server, path: '/graphql' })
useServer(
  {
    schema,
    context: ({ extra }) => contextOf(extra.request),
    onConnect: ({ extra }) => {
      const { world } = contextOf(extra.request)
      if (!world.more['drop']) return true
      if (world.more['dropped']) extra.socket.close(1013)
      world.more['dropped'] = true
      setTimeout(() => extra.socket.close(1012), 1500)
      return true
    },
  },
  sockets,
)

const port = Number(process.env['PORT'] ?? 4080)
server.listen(port, '127.0.0.1', () => console.log(`mock: http://127.0.0.1:${port}/__mock`))
