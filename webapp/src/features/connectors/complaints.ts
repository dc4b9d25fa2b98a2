// What the server finds wrong with a setting, in this page's words. No React here.

/** A server's complaint by name, with what it is about. */
export interface Complaint {
  readonly key: string
  readonly about: Readonly<Record<string, string>>
}

/** The first that fits counts. Groups are what the words of the page name. */
const rules: readonly (readonly [key: string, words: RegExp])[] = [
  ['newSecretMoved', /^must be given again, because (?<field>\S+) has changed/u],
  ['newSecretBroken', /^must be given again/u],
  ['reference', /^must be the secret itself/u],
  ['noSecret', /^is no secret of this kind|^is a secret, which does not go/u],
  ['preset', /^is required by the preset/u],
  ['forThisWay', /^is required for /u],
  ['nameMissing', /^is required: people see it/u],
  ['fileMissing', /^is required: the file with customers/u],
  ['columnId', /^is required: the heading of the column/u],
  ['operationMissing', /^is required: a (?:connector answers|small request)/u],
  ['like', /write it like (?<example>\S+(?: or \S+|, \S+ or \S+)?)$/u],
  ['like', /(?:such as|must be an address like) (?<example>\S+(?: or \S+)?)$/u],
  ['address', /^is no address/u],
  ['scheme', /^must begin with http/u],
  ['slash', /^must begin with \/|^must be an absolute address, or a path/u],
  ['bareAddress', /^must have neither user, query nor fragment/u],
  ['passwordInAddress', /^must not contain a password/u],
  ['endsWithBase', /^must end with the base/u],
  ['absolute', /^must be absolute/u],
  ['folder', /^lies in no folder that is permitted/u],
  ['network', /^(?<network>\S+) is not permitted here/u],
  ['serverFile', /^names a file of Pult's machine/u],
  ['delimiter', /^must be auto or one character/u],
  ['negative', /^must not be negative/u],
  ['least', /^must be (?<least>\d+) at least/u],
  ['oneOf', /^must be (?<known>[\w-]+(?:, [\w-]+)* or [\w-]+)$/u],
  ['presetOrSources', /^give a preset or sources/u],
  ['parent', /^goes together with parent_entity/u],
  ['notOnec', /^"(?<value>.*)" is no name of a field in 1C/u],
  ['meant', /"(?<value>.*)" is unknown; did you mean (?<meant>.+)\?$/u],
  ['meantHere', /^is unknown; did you mean (?<meant>.+)\?$/u],
  ['known', /(?:is unknown|is required); known(?: presets)?: (?<known>.+)$/u],
  ['unknown', /^(?:".*" )?is unknown$/u],
  ['long', /^is too long/u],
  ['id', /^must be lower-case letters/u],
  ['taken', /^there is a connector of this name already/u],
  ['ofFile', /^is one of the configuration file's/u],
  ['kindStays', /^cannot be changed; make another/u],
  ['kindOfFile', /^connectors of this kind are made in the configuration file/u],
  ['list', /^must be a list$/u],
  ['section', /^must be (?:a section|an object)/u],
  ['text', /^must be a text$/u],
  ['flag', /^must be true or false/u],
  ['number', /^must be a (?:whole )?number$/u],
  ['texts', /^must be a text or a list of texts/u],
  ['each', /^must be a list or a jq expression/u],
  ['query', /^must be names and texts/u],
  ['steps', /^goes without path and result/u],
  ['cardHalf', /^goes with announce_call/u],
  ['secretInAddress', /^secrets are for headers and bodies/u],
  ['quoted', /^\$\{(?<expression>.*)\} stands within quotes/u],
  ['required', /^is required(?::|$)/u],
]

/** What a complaint is; null for one that is the server's own, as the error of an expression. */
export function complaintOf(words: string): Complaint | null {
  for (const [key, pattern] of rules) {
    const found = pattern.exec(words)
    if (found) return { key, about: { ...found.groups } }
  }
  return null
}

/** Keys of the page's words. */
export const complaintKeys: readonly string[] = [...new Set(rules.map(([key]) => key))]
