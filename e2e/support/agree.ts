import { expect } from '@playwright/test'
import type { Stand } from './stand.ts'
import type { Workspace } from './workspace.ts'

/** Where an operator is, as far as Asterisk can know: in a conversation, with a leg and nobody in it, or without a leg. */
type Place = 'together' | 'alone' | 'away'

/** What a page says of an operator, as such a place. */
const places: Readonly<Record<string, Place>> = {
  'presence.TALKING': 'together',
  'stage.consulting': 'together',
  'stage.conference': 'together',
  'presence.HELD': 'alone',
  'stage.rescuing': 'away',
  'presence.READY': 'away',
  'presence.OFFERED': 'away',
  'presence.WRAP_UP': 'away',
  'presence.PAUSED': 'away',
  'presence.OFFLINE': 'away',
}

/** Milliseconds within which pages and Asterisk are to agree: two seconds, and as many for a machine that does other work too. */
const soon = 4000

/**
 * Every page, of operators and of those who watch them, says of every operator what Asterisk's bridges say. `pages` are the windows of
 * operators; a page that shows a person twice, or not at all, disagrees.
 */
export async function agree(stand: Stand, pages: readonly Workspace[], watchers: readonly Workspace[] = []): Promise<void> {
  const ids = new Map<string, string>()
  for (const page of [...pages, ...watchers]) {
    const { data } = await page.api('{ viewer { operator { id } } }')
    ids.set(page.person.name, data?.viewer.operator?.id ?? '')
  }
  const operators = [...new Set(pages.map((page) => page.person.name))]
  await expect(async () => {
    const truth = placesIn(await stand.channels())
    for (const page of pages) {
      expect(await shownOfSelf(page), `${page.person.name}'s own page`).toBe(truth(ids.get(page.person.name) ?? ''))
    }
    for (const watcher of watchers) {
      for (const name of operators) {
        if (name === watcher.person.name) continue
        expect(await shownOf(watcher, name), `${name} as ${watcher.person.name} sees it`).toBe(truth(ids.get(name) ?? ''))
      }
    }
  }).toPass({ timeout: soon, intervals: [100, 200] })
}

/** Tells from Asterisk's channels where an operator is. */
function placesIn(channels: readonly { name: string; bridge: string; up: boolean }[]): (id: string) => Place {
  const talkers = channels.filter(({ up, bridge }) => up && bridge !== '')
  return (id) => {
    const own = talkers.filter(({ name }) => name.startsWith(`PJSIP/op-${id}-`))
    if (own.some(({ name, bridge }) => talkers.some((other) => other.bridge === bridge && other.name !== name))) return 'together'
    return own.length > 0 ? 'alone' : 'away'
  }
}

async function shownOfSelf(page: Workspace): Promise<Place | string> {
  const keys = Object.keys(places).filter((key) => key.startsWith('presence.'))
  const shown: string[] = []
  for (const key of keys) {
    if (await page.page.getByRole('status', { name: page.word(key), exact: true }).isVisible()) shown.push(key)
  }
  return placeOf(shown)
}

async function shownOf(watcher: Workspace, name: string): Promise<Place | string> {
  const team = watcher.page.getByRole('list', { name: watcher.word('team.title'), exact: true })
  const line = team.getByRole('listitem').filter({ hasText: name })
  if ((await line.count()) === 0) return 'away' // those who are offline are only counted
  const shown: string[] = []
  for (const key of Object.keys(places)) {
    if (await line.getByRole('img', { name: watcher.word(key), exact: true }).isVisible()) shown.push(key)
  }
  return placeOf(shown)
}

function placeOf(shown: readonly string[]): Place | string {
  const [only] = shown
  return (only !== undefined && shown.length === 1 && places[only]) || `shown as ${shown.join(' and ') || 'nothing'}`
}
