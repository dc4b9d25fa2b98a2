// What a form shows of a kind's JSON Schema. No React here.

/** A configuration, or a section of one. */
export type Settings = Readonly<Record<string, unknown>>

/** As much of JSON Schema as the kinds use; what else there is makes a document of a field. */
interface Schema {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly title?: string
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly minimum?: number
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly additionalProperties?: boolean | Schema
  readonly $ref?: string
  readonly 'x-secret'?: boolean
  readonly 'x-more'?: boolean
  readonly 'x-file-only'?: boolean
  readonly 'x-when'?: Readonly<Record<string, readonly string[]>>
}

/**
 * secrets: a section whose every value is one; settings: a section whose keys a preset names; document: what no form can hold, written as
 * YAML.
 */
export type FieldKind =
  'text' | 'number' | 'flag' | 'choice' | 'list' | 'secret' | 'secrets' | 'section' | 'settings' | 'document'

export interface Field {
  /** Keys down to it. */
  readonly path: readonly string[]
  /** The same as the server writes it: auth.token. */
  readonly name: string
  readonly kind: FieldKind
  /** The schema's own words. */
  readonly title: string
  readonly required: boolean
  /** Rarely needed. */
  readonly more: boolean
  readonly choices: readonly string[]
  /** What holds where nothing is given. */
  readonly fallback: unknown
  readonly example: string
  /** Shown only for these values of fields beside it. */
  readonly when: Readonly<Record<string, readonly string[]>>
  readonly fields: readonly Field[]
}

export function fieldsOf(schema: unknown, above: readonly string[] = []): Field[] {
  const { properties = {}, required = [] }: Schema = isObject(schema) ? schema : {}
  return Object.entries(properties)
    .filter(([, property]) => property['x-file-only'] !== true)
    .map(([key, property]) => {
      const path = [...above, key]
      const kind = kindOf(property)
      const [example] = property.examples ?? []
      return {
        path,
        name: path.join('.'),
        kind,
        title: property.title ?? key.replaceAll('_', ' '),
        required: required.includes(key),
        more: property['x-more'] === true,
        choices: (property.enum ?? []).map(String),
        fallback: property.default,
        example: exampleOf(example),
        when: property['x-when'] ?? {},
        fields: kind === 'section' ? fieldsOf(property, path) : [],
      }
    })
}

function kindOf(property: Schema): FieldKind {
  if (property['x-secret']) return 'secret'
  if (property.enum) return 'choice'
  switch (property.type) {
    case 'boolean':
      return 'flag'
    case 'integer':
    case 'number':
      return 'number'
    case 'string':
      return 'text'
    case 'array':
      return property.items?.type === 'string' ? 'list' : 'document'
    case 'object':
      return sectionOf(property)
    default:
      return 'document'
  }
}

function sectionOf({ properties, additionalProperties: others }: Schema): FieldKind {
  if (properties) return Object.values(properties).some(({ $ref }) => $ref !== undefined) ? 'document' : 'section'
  if (isObject(others)) return others['x-secret'] ? 'secrets' : 'document'
  return 'settings'
}

const exampleOf = (example: unknown): string => {
  if (typeof example === 'string') return example.startsWith('env:') ? '' : example
  return Array.isArray(example) ? example.join(', ') : ''
}

export function isObject(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What stands at a path. */
export function valueAt(settings: Settings, path: readonly string[]): unknown {
  let value: unknown = settings
  for (const key of path) value = isObject(value) ? value[key] : undefined
  return value
}

/** The settings with another value at a path. Nothing (undefined, an empty text or list) leaves no key and no empty section behind. */
export function withValue(settings: Settings, path: readonly string[], value: unknown): Settings {
  const [key, ...rest] = path
  if (key === undefined) return settings
  const below = isObject(settings[key]) ? settings[key] : {}
  const next = rest.length > 0 ? withValue(below, rest, value) : value
  const empty = next === undefined || next === '' || (Array.isArray(next) && next.length === 0)
  const { [key]: _, ...others } = settings
  return empty || (rest.length > 0 && isObject(next) && Object.keys(next).length === 0)
    ? others
    : { ...settings, [key]: next }
}

/** A single value, or several, as a text. */
export function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(', ')
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

/** What holds for a field: what is given, else what the preset says, else the default. */
export function valueInForce(field: Field, settings: Settings, preset: Settings): unknown {
  return valueAt(settings, field.path) ?? valueAt(preset, field.path) ?? field.fallback
}

/** Whether a field says something, as things stand. all: the fields beside it. */
export function isShown(field: Field, all: readonly Field[], settings: Settings, preset: Settings): boolean {
  return Object.entries(field.when).every(([key, values]) => {
    const beside = all.find(({ path }) => path.at(-1) === key)
    return beside === undefined || values.includes(textOf(valueInForce(beside, settings, preset)))
  })
}

/** Those of paths of secrets whose field is not shown, as things stand. */
export function hiddenSecrets(
  fields: readonly Field[],
  settings: Settings,
  preset: Settings,
  paths: readonly string[],
): string[] {
  return fields.flatMap((field) => {
    const mine = paths.filter((path) => path === field.name || path.startsWith(`${field.name}.`))
    return isShown(field, fields, settings, preset) ? hiddenSecrets(field.fields, settings, preset, mine) : mine
  })
}

/** The document of the preset that is chosen. */
export function presetOf(presets: readonly { name: string; config: unknown }[], settings: Settings): Settings {
  const chosen = presets.find(({ name }) => name === settings['preset'])
  return isObject(chosen?.config) ? chosen.config : {}
}

/** Names that a preset's document gives to secrets of its own. */
export function secretNames(preset: Settings): string[] {
  const found = JSON.stringify(preset).matchAll(/\.secrets\.([A-Za-z0-9_]+)/gu)
  return [...new Set([...found].map(([, name = '']) => name))]
}

/** What is wrong with a field, or with something inside it: a server's words by their paths. */
export function wrongAt(field: Field, wrong: Readonly<Record<string, string>>): string | undefined {
  const path = `config.${field.name}`
  if (wrong[path] !== undefined) return wrong[path]
  if (field.kind === 'section' || field.kind === 'secrets' || field.kind === 'settings') return undefined
  const inside = Object.entries(wrong).find(([at]) => at.startsWith(`${path}.`) || at.startsWith(`${path}[`))
  return inside && `${inside[0].slice('config.'.length)}: ${inside[1]}`
}

/** What a server found wrong where the form has no field for it. */
export function unplaced(
  fields: readonly Field[],
  known: readonly string[],
  wrong: Readonly<Record<string, string>>,
): string[] {
  const all = fields.flatMap((field) => [field, ...field.fields])
  const placed = (path: string) =>
    known.includes(path) ||
    all.some(
      (field) => wrongAt(field, { [path]: 'x' }) !== undefined || inSecrets(field, path) || inPreset(field, path),
    )
  return Object.entries(wrong)
    .filter(([path]) => !placed(path))
    .map(([path, words]) => `${path.replace(/^config\./u, '')}: ${words}`)
}

const inSecrets = (field: Field, path: string) => field.kind === 'secrets' && path.startsWith(`config.${field.name}.`)
const inPreset = (field: Field, path: string) => field.kind === 'settings' && path.startsWith(`config.${field.name}.`)

/** A name for a new connector, free of those that are taken. */
export function freeId(wish: string, taken: readonly string[]): string {
  const base =
    wish
      .toLowerCase()
      .replaceAll(/[^a-z0-9_-]+/gu, '-')
      .replaceAll(/^[-_]+|-+$/gu, '')
      .slice(0, 28) || 'crm'
  for (let n = 1; ; n++) {
    const id = n === 1 ? base : `${base}-${n}`
    if (!taken.includes(id)) return id
  }
}
