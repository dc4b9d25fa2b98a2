// The customer base: a JSON file of customers, and one of calls that were logged.
import { readFile, rename, writeFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'

// Trouble is an error that Pult is told: a gRPC code, a message fit to show to a person, seconds to leave the system alone.
export class Trouble extends Error {
  constructor(code, message, retryAfter = 0) {
    super(message)
    this.code = code
    this.retryAfter = retryAfter
  }
}

// open makes the base of the settings. Whether the file is there is for check.
export function open(config) {
  const { customers, calls, ...unknown } = JSON.parse(config)
  if (!customers || Object.keys(unknown).length > 0) {
    throw new Trouble('INVALID_ARGUMENT', 'the settings are: customers, a file, and calls, another')
  }
  return new Base(async () => {
    try {
      return JSON.parse(await readFile(customers, 'utf8'))
    } catch {
      throw new Trouble('UNAVAILABLE', 'the file of customers cannot be read')
    }
  }, calls)
}

const recordType = 'customer'
const digits = (text) => text.replace(/\D/g, '')
const hasNumber = (customer, number) => (customer.phones ?? []).some((phone) => digits(phone).includes(number))

function candidate(customer) {
  return {
    ref: { type: recordType, id: customer.id },
    kind: `KIND_${customer.kind || 'PERSON'}`,
    name: customer.name,
    company: customer.company ?? '',
    phones: (customer.phones ?? []).map((raw) => ({ raw })),
    taxId: customer.tax_id ?? '',
    owner: customer.manager ? { name: customer.manager } : null,
    deleted: Boolean(customer.deleted),
  }
}

class Base {
  #read
  #file
  #calls // by key, once read
  #writing = Promise.resolve()

  constructor(read, calls) {
    this.#read = read
    this.#file = calls
  }

  async #pick(limit, signal, fits) {
    return (await this.#read(signal)).filter(fits).slice(0, limit > 0 ? limit : 20).map(candidate)
  }

  // Generous: the last seven digits have to be somewhere in a phone. Pult verifies.
  async lookup(national, limit, signal) {
    const tail = digits(national).slice(-7)
    return tail === '' ? [] : this.#pick(limit, signal, (customer) => hasNumber(customer, tail))
  }

  async search(text, limit, signal) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean)
    if (words.length === 0) return []
    let number = digits(text)
    if (number.length === 11) number = number.slice(1) // 8 or +7 before a Russian number
    return this.#pick(limit, signal, (customer) => {
      if (number.length >= 4 && hasNumber(customer, number)) return true
      const hay = `${customer.name} ${customer.company ?? ''}`.toLowerCase()
      return words.every((word) => hay.includes(word))
    })
  }

  async get(ref, signal) {
    const [found] = await this.#pick(1, signal, (customer) => ref.type === recordType && customer.id === ref.id)
    if (!found) throw new Trouble('NOT_FOUND', 'there is no such customer')
    return found
  }

  // The cursor is a position: records are only ever added at the end of the file.
  async index(cursor, limit, signal) {
    if (cursor !== '' && !/^\d{1,9}$/.test(cursor)) throw new Trouble('INVALID_ARGUMENT', 'the cursor is not one of ours')
    const all = await this.#read(signal)
    const from = Number(cursor)
    const to = from + (limit > 0 ? limit : 500)
    return { candidates: all.slice(from, to).map(candidate), next: to < all.length ? String(to) : '' }
  }

  async check(signal) {
    const began = performance.now()
    await this.#read(signal)
    return { version: 'file', latency: { nanos: Math.round((performance.now() - began) * 1e6) } }
  }

  // The key makes it the same record however often Pult sends it. One write at a time.
  async logCall(call, signal) {
    await this.#read(signal) // where nobody can be looked up, nothing is written either
    const written = this.#writing.then(async () => {
      this.#calls ??= this.#file ? JSON.parse(await readFile(this.#file, 'utf8').catch(() => '{}')) : {}
      this.#calls[call.key] = { customer: call.customer?.id ?? '', started: call.startedAt?.seconds ?? 0, comment: call.comment, outcome: call.outcome }
      if (!this.#file) return
      await writeFile(`${this.#file}.new`, JSON.stringify(this.#calls, null, 2))
      await rename(`${this.#file}.new`, this.#file)
    })
    this.#writing = written.catch(() => {})
    await written.catch(() => {
      throw new Trouble('UNAVAILABLE', 'the call could not be written')
    })
    return { type: 'call', id: call.key }
  }

  // For a rehearsal: which calls were logged.
  written() {
    return Object.entries(this.#calls ?? {}).map(([key, call]) => ({ what: 'call', key, texts: [call.customer, call.comment] }))
  }
}

// rehearse makes a base in memory for `pult connector test`, which fills it and makes it suffer.
export function rehearse() {
  let customers = []
  let fault = ''
  const base = new Base(async (signal) => {
    if (fault === 'slow') await wait(60_000, undefined, { signal })
    if (fault in faults) throw faults[fault]
    return customers
  })
  base.rehearse = (request) => {
    if (request._fault) fault = request.fault
    const records = request.base?.customers.map((customer) => customer.record)
    customers = records?.map((record, i) => ({
      id: String(i + 1),
      kind: record.kind.replace('KIND_', ''),
      name: record.name,
      company: record.company,
      phones: record.phones.map((phone) => phone.raw),
      tax_id: record.taxId,
      manager: record.owner?.name ?? '',
      deleted: record.deleted,
    })) ?? customers
    return { faults: Object.keys(faults).filter((name) => name !== 'down'), written: base.written() }
  }
  return base
}

// What answers of a web service would be turned into.
const faults = {
  down: new Trouble('UNAVAILABLE', 'the base cannot be reached'),
  401: new Trouble('UNAUTHENTICATED', 'the base refuses the password'),
  403: new Trouble('PERMISSION_DENIED', 'the account is locked'),
  '429 with Retry-After 7': new Trouble('RESOURCE_EXHAUSTED', 'the base asks for fewer requests', 7),
  '500 of a business rule': new Trouble('FAILED_PRECONDITION', 'a rule of the base refused'),
  502: new Trouble('UNAVAILABLE', 'the base is not behind its gateway'),
}
