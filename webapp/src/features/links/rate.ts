import type { LinkRateQuery, ShareFragment } from '@/gql/pages/graphql'

type Week = LinkRateQuery['linkRate']['weeks'][number]

/** Linked of the resolvable, 0 to 1; nothing where there is nothing to resolve. */
export function rateOf({ linked, resolvable }: Pick<ShareFragment, 'linked' | 'resolvable'>): number | undefined {
  return resolvable === 0 ? undefined : linked / resolvable
}

const none: ShareFragment = { calls: 0, resolvable: 0, linked: 0, bySystem: 0, byPerson: 0 }

function add(a: ShareFragment, b: ShareFragment): ShareFragment {
  return {
    calls: a.calls + b.calls,
    resolvable: a.resolvable + b.resolvable,
    linked: a.linked + b.linked,
    bySystem: a.bySystem + b.bySystem,
    byPerson: a.byPerson + b.byPerson,
  }
}

export interface QueueRow {
  readonly queueId: string
  /** Nothing for a queue that is no more, and for calls without one. */
  readonly name: string | undefined
  readonly total: ShareFragment
  /** Of the weeks shown, oldest first; nothing for a week without calls. */
  readonly weeks: readonly (ShareFragment | undefined)[]
}

const week = 7 * 86_400_000

/** The latest weeks as a table shows them, one after the other without holes, oldest first. */
export function lastWeeks(weeks: readonly Week[], many: number): readonly string[] {
  const last = weeks.at(-1)
  if (!last) return []
  const end = new Date(last.begins).getTime()
  const begin = new Date(weeks[0]?.begins ?? last.begins).getTime()
  const shown = Math.min(many, Math.round((end - begin) / week) + 1)
  return Array.from({ length: shown }, (_, i) => new Date(end - (shown - 1 - i) * week).toISOString())
}

/** What the weeks say of each queue: those with most calls first. */
export function byQueue(weeks: readonly Week[], shown: readonly string[]): readonly QueueRow[] {
  const places = new Map(shown.map((begins, i) => [new Date(begins).getTime(), i]))
  const rows = new Map<
    string,
    { name: string | undefined; total: ShareFragment; weeks: (ShareFragment | undefined)[] }
  >()
  for (const { begins, queues } of weeks) {
    const place = places.get(new Date(begins).getTime())
    for (const { queueId, queue, share } of queues) {
      const row = rows.get(queueId) ?? { name: queue?.name, total: none, weeks: shown.map(() => undefined) }
      rows.set(queueId, row)
      row.total = add(row.total, share)
      if (place !== undefined) row.weeks[place] = share
    }
  }
  return [...rows]
    .map(([queueId, row]) => ({ queueId, ...row }))
    .toSorted((a, b) => b.total.calls - a.total.calls || a.queueId.localeCompare(b.queueId))
}

/** The weeks of a period; all of them without one. */
export function within<T extends { readonly begins: string }>(
  weeks: readonly T[],
  many: number | undefined,
): readonly T[] {
  const last = weeks.at(-1)
  if (many === undefined || !last) return weeks
  const from = new Date(last.begins).getTime() - (many - 1) * week
  return weeks.filter(({ begins }) => new Date(begins).getTime() >= from)
}

/** What several weeks come to. */
export function totalOf(weeks: readonly Week[]): ShareFragment {
  return weeks.reduce((sum, { all }) => add(sum, all), none)
}

/** The line of a curve in a box of so many units: x by time, y by share; weeks with nothing to resolve are left out. */
export function curve(
  weeks: readonly Week[],
  width: number,
  height: number,
): readonly { x: number; y: number; rate: number }[] {
  const begin = new Date(weeks[0]?.begins ?? 0).getTime()
  const span = Math.max(1, new Date(weeks.at(-1)?.begins ?? 0).getTime() - begin)
  return weeks.flatMap(({ begins, all }) => {
    const rate = rateOf(all)
    if (rate === undefined) return []
    return { x: ((new Date(begins).getTime() - begin) / span) * width, y: (1 - rate) * height, rate }
  })
}
