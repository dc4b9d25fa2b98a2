// Prints the JavaScript that the workspace loads, gzipped: entry, what it imports, the phone, one language. Fails above the budget.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const budget = 350 // kB
const dist = join(import.meta.dirname, '../dist')

interface Chunk {
  readonly file: string
  readonly imports?: readonly string[]
}

if (!existsSync(join(dist, 'manifest.json'))) {
  console.error('there is no build in dist: run `npm run build` first')
  process.exit(1)
}
const manifest = JSON.parse(readFileSync(join(dist, 'manifest.json'), 'utf8')) as Record<string, Chunk>

function collect(name: string, files: Set<string>): void {
  const chunk = manifest[name]
  if (!chunk) throw new Error(`the build has no ${name}`)
  if (files.has(chunk.file)) return
  files.add(chunk.file)
  for (const imported of chunk.imports ?? []) collect(imported, files)
}

const size = (file: string) => gzipSync(readFileSync(join(dist, file)), { level: 9 }).length
const files = new Set<string>()
for (const name of ['index.html', 'src/app/Workspace.tsx', 'src/phone/ua.ts', 'src/locales/ru.json']) {
  if (name in manifest || name !== 'src/app/Workspace.tsx') collect(name, files)
}
let total = 0
for (const file of files) {
  if (!file.endsWith('.js')) continue
  total += size(file)
  console.log(`${(size(file) / 1000).toFixed(1).padStart(8)} kB  ${file}`)
}
const kilobytes = (total / 1000).toFixed(1)
const good = total <= budget * 1000
console.log(`FIGURE workspace-js-gzip ${kilobytes} ${budget} ${good ? 'ok' : 'short'}`)
process.exit(good ? 0 : 1)
