// A connector for Pult that runs as a process of its own, in Node, with nothing but gRPC: the same small customer base as
// ../go. This file is how the process meets Pult, base.mjs is what it does. docs/connectors/plugins.md goes through both.
import { join } from 'node:path'
import grpc from '@grpc/grpc-js'
import loader from '@grpc/proto-loader'
import { open, rehearse, Trouble } from './base.mjs'

// Pult started us if this is set; a person who tries it by hand is told what this is.
if (process.env.PULT_PLUGIN !== 'pult.connector') {
  console.error(`This is a connector of Pult, which starts it. To try it: pult connector test --plugin node ${process.argv[1]}`)
  process.exit(2)
}

const protocol = 1 // version of pult.connector that is spoken here
if (!(process.env.PLUGIN_PROTOCOL_VERSIONS ?? '').split(',').includes(String(protocol))) {
  console.error(`This Pult does not speak version ${protocol} of the protocol`)
}

// A connector of your own has a copy of connector.proto beside it.
const proto = join(import.meta.dirname, '../../../connectors/plugin/proto')
const file = loader.loadSync('pult/connector/v1/connector.proto', { includeDirs: [proto], longs: Number, enums: String, defaults: true, oneofs: true })
const { Connector } = grpc.loadPackageDefinition(file).pult.connector.v1

const schema = JSON.stringify({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  additionalProperties: false,
  required: ['customers'],
  properties: {
    customers: { type: 'string', title: 'File of customers' },
    calls: { type: 'string', title: 'File of calls, written by the connector' },
  },
})

let base // once configured

const methods = {
  describe: async () => ({
    name: 'sample-node',
    version: '1.0.0',
    configSchema: schema,
    capabilities: ['CHECK', 'GET', 'SEARCH', 'INDEX', 'LOG_CALL', 'REHEARSE'].map((name) => `CAPABILITY_${name}`),
  }),
  configure: async ({ config, rehearsal }) => {
    base = rehearsal ? rehearse() : open(config)
    return {}
  },
  lookup: async ({ national, limit }, signal) => ({ candidates: await base.lookup(national, limit, signal) }),
  check: async (_, signal) => base.check(signal),
  get: async ({ ref }, signal) => ({ candidate: await base.get(ref, signal) }),
  search: async ({ text, limit }, signal) => ({ candidates: await base.search(text, limit, signal) }),
  index: async ({ cursor, limit }, signal) => base.index(cursor, limit, signal),
  logCall: async (call, signal) => ({ ref: await base.logCall(call, signal) }),
  rehearse: async (request) => base.rehearse(request),
}

// unary turns a method into what gRPC wants: errors become a status, and a call that Pult gives up ends the work for it.
function unary(method) {
  return async (call, answer) => {
    const gone = new AbortController()
    call.on('cancelled', () => gone.abort())
    try {
      answer(null, await method(call.request, gone.signal))
    } catch (error) {
      answer(status(error))
    }
  }
}

function status(error) {
  if (error instanceof Trouble) {
    const metadata = new grpc.Metadata()
    if (error.retryAfter) metadata.set('retry-after', String(error.retryAfter))
    return { code: grpc.status[error.code], details: error.message, metadata }
  }
  if (error.name === 'AbortError') return { code: grpc.status.CANCELLED, details: 'given up' }
  console.error(error) // goes to Pult's log
  return { code: grpc.status.INTERNAL, details: 'the connector failed on this request' }
}

const server = new grpc.Server()
server.addService(Connector.service, Object.fromEntries(Object.entries(methods).map(([name, method]) => [name, unary(method)])))
const socket = join(process.env.PLUGIN_UNIX_SOCKET_DIR, 'connector.sock')
server.bindAsync(`unix:${socket}`, grpc.ServerCredentials.createInsecure(), (error) => {
  if (error) throw error
  // The greeting: 1, our version, where we listen. After this line standard output is free.
  console.log(`1|${protocol}|unix|${socket}|grpc`)
})

// Standard input ends when Pult wants no more of us, or is gone.
process.stdin.on('end', () => process.exit(0)).resume()
process.on('SIGINT', () => {}) // Ctrl-C is for Pult
