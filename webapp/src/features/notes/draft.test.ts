import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Store } from '@/lib/storage'
import { Draft, type Note, type NoteField, type Outcome } from './draft'

class MemoryStore implements Store {
  readonly values = new Map<string, string>()
  get(key: string) {
    return this.values.get(key) ?? null
  }
  set(key: string, value: string) {
    this.values.set(key, value)
  }
  remove(key: string) {
    this.values.delete(key)
  }
}

const [earlier, now, later] = ['2026-11-22T12:02:59Z', '2026-11-22T12:03:00Z', '2026-11-22T12:05:00Z'] as const
const empty = { topicId: null, tags: [], comment: '', savedAt: null }
let store: MemoryStore

beforeEach(() => {
  vi.useFakeTimers()
  store = new MemoryStore()
})
afterEach(() => {
  vi.useRealTimers()
})

function makeDraft(
  save: (change: Partial<Note>) => Promise<string | null> = async () => now,
  saved: Note & { savedAt: string | null } = empty,
) {
  const left: Partial<Note>[] = []
  const sent: Partial<Note>[] = []
  const refused = new Set<NoteField>()
  const draft = new Draft({
    callId: 'c1',
    saved,
    store,
    save: async (change): Promise<Outcome> => {
      sent.push(change)
      const wrong = [...refused].filter((field) => field in change)
      return wrong.length > 0 ? { savedAt: null, wrong } : { savedAt: await save(change), wrong }
    },
    saveOnLeave: (change) => left.push(change),
  })
  return { draft, sent, left, refused }
}

describe('saving', () => {
  test('happens once, after a pause in typing', async () => {
    const { draft, sent } = makeDraft()
    draft.edit({ comment: 'a' })
    await vi.advanceTimersByTimeAsync(500)
    draft.edit({ comment: 'ab' })
    await vi.advanceTimersByTimeAsync(599)
    expect(sent).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(sent).toEqual([{ comment: 'ab' }])
    expect(draft.state.get()).toMatchObject({ phase: 'saved', savedAt: now })
    expect(store.values.size).toBe(0)
  })

  test('what is typed while it is saved is saved next', async () => {
    let finish: () => void = () => {}
    const { draft, sent } = makeDraft(async () => new Promise<string>((resolve) => (finish = () => resolve(now))))
    draft.edit({ comment: 'a' })
    await vi.advanceTimersByTimeAsync(600)
    draft.edit({ comment: 'ab' })
    finish()
    await vi.advanceTimersByTimeAsync(0)
    expect(draft.state.get()).toMatchObject({ comment: 'ab', phase: 'waiting' })
    await vi.advanceTimersByTimeAsync(600)
    expect(sent.map(({ comment }) => comment)).toEqual(['a', 'ab'])
  })

  test('that fails is tried again, and says so meanwhile', async () => {
    let works = false
    const { draft, sent } = makeDraft(async () => (works ? later : Promise.reject(new Error('away'))))
    draft.edit({ topicId: 't1' })
    await vi.advanceTimersByTimeAsync(600)
    expect(draft.state.get().phase).toBe('failed')
    expect(store.values.size).toBe(1)
    works = true
    await vi.advanceTimersByTimeAsync(3000)
    expect(draft.state.get()).toMatchObject({ phase: 'saved', topicId: 't1' })
    expect(sent).toHaveLength(2)
  })
})

test('a topic is taken back: that is a change too, and an untouched one is none', async () => {
  const { draft, sent } = makeDraft(undefined, { ...empty, topicId: 't1', tags: ['vip'], savedAt: earlier })
  draft.edit({ comment: 'a' })
  await vi.advanceTimersByTimeAsync(600)
  draft.edit({ topicId: null })
  await vi.advanceTimersByTimeAsync(600)
  expect(sent).toEqual([{ comment: 'a' }, { topicId: null, comment: 'a' }])
  expect(draft.state.get()).toMatchObject({ topicId: null, tags: ['vip'], phase: 'saved' })
})

describe('what the server refuses', () => {
  test('stays here and is told, and what is right is saved without it', async () => {
    const { draft, sent, refused } = makeDraft()
    refused.add('comment')
    draft.edit({ comment: 'too long', topicId: 't1' })
    await vi.advanceTimersByTimeAsync(600)
    expect(sent).toEqual([{ comment: 'too long', topicId: 't1' }, { topicId: 't1' }])
    expect(draft.state.get()).toMatchObject({ comment: 'too long', phase: 'refused', wrong: ['comment'], savedAt: now })
    expect(draft.unsaved).toEqual({})
    await vi.advanceTimersByTimeAsync(60_000)
    expect(sent).toHaveLength(2) // it is not asked again and again
  })

  test('is sent again when it has changed, and other fields do not wait for it', async () => {
    const { draft, sent, refused } = makeDraft()
    refused.add('comment')
    draft.edit({ comment: 'too long' })
    await vi.advanceTimersByTimeAsync(600)
    draft.edit({ tags: ['vip'] })
    await vi.advanceTimersByTimeAsync(600)
    expect(sent.at(-1)).toEqual({ tags: ['vip'] })
    expect(draft.state.get()).toMatchObject({ phase: 'refused', wrong: ['comment'] })
    refused.clear()
    draft.edit({ comment: 'short' })
    expect(draft.state.get().wrong).toEqual([])
    await vi.advanceTimersByTimeAsync(600)
    expect(sent.at(-1)).toEqual({ comment: 'short' })
    expect(draft.state.get()).toMatchObject({ phase: 'saved', tags: ['vip'] })
    expect(store.values.size).toBe(0)
  })

  test('survives a reload and is sent on the way out', async () => {
    const first = makeDraft()
    first.refused.add('comment')
    first.draft.edit({ comment: 'too long', tags: ['vip'] })
    await vi.advanceTimersByTimeAsync(600)
    first.draft.leave()
    expect(first.left).toEqual([{ comment: 'too long' }])
    first.draft.close()
    const second = makeDraft(undefined, { ...empty, comment: 'too lo', tags: ['vip'], savedAt: later })
    expect(second.draft.state.get()).toMatchObject({ comment: 'too long', tags: ['vip'], phase: 'waiting' })
  })

  test('and was changed meanwhile is not wrong any more', async () => {
    let refuse: () => void = () => {}
    const sent: Partial<Note>[] = []
    const draft = new Draft({
      callId: 'c1',
      saved: empty,
      store,
      save: async (change) => {
        sent.push(change)
        if (sent.length > 1) return { savedAt: now, wrong: [] }
        return new Promise((resolve) => (refuse = () => resolve({ savedAt: null, wrong: ['comment'] })))
      },
      saveOnLeave: () => {},
    })
    draft.edit({ comment: 'too long' })
    await vi.advanceTimersByTimeAsync(600)
    draft.edit({ comment: 'short' })
    refuse()
    await vi.advanceTimersByTimeAsync(600)
    expect(sent).toEqual([{ comment: 'too long' }, { comment: 'short' }])
    expect(draft.state.get()).toMatchObject({ phase: 'saved', wrong: [] })
  })
})

describe('nothing is lost', () => {
  test('by a reload: what was not saved is there again, and saved', async () => {
    makeDraft().draft.edit({ comment: 'typed', tags: ['vip'] })
    const { draft, sent } = makeDraft(undefined, { ...empty, comment: 'older' })
    expect(draft.state.get()).toMatchObject({ comment: 'typed', tags: ['vip'], phase: 'waiting' })
    await vi.advanceTimersByTimeAsync(600)
    expect(sent).toEqual([{ tags: ['vip'], comment: 'typed' }])
  })

  test('by leaving the page: it is sent on the way out, once there is something to send', () => {
    const { draft, left } = makeDraft()
    draft.leave()
    expect(left).toEqual([])
    draft.edit({ comment: 'bye' })
    draft.leave()
    expect(left).toEqual([{ comment: 'bye' }])
  })

  test('by another page of ours: what is typed here is not overwritten, what is saved here gives way', async () => {
    const { draft } = makeDraft()
    draft.edit({ comment: 'mine' })
    draft.adopt({ ...empty, comment: 'theirs', savedAt: later })
    expect(draft.state.get().comment).toBe('mine')
    await vi.advanceTimersByTimeAsync(600)
    draft.adopt({ ...empty, comment: 'theirs', savedAt: later })
    expect(draft.state.get()).toMatchObject({ comment: 'theirs', savedAt: later, phase: 'saved' })
  })

  test('by the feed that tells the former text after the new one was saved', async () => {
    const { draft } = makeDraft()
    draft.edit({ comment: 'new' })
    await vi.advanceTimersByTimeAsync(600)
    draft.adopt(empty)
    draft.adopt({ ...empty, comment: 'former', savedAt: earlier })
    expect(draft.state.get()).toMatchObject({ comment: 'new', savedAt: now, phase: 'saved' })
  })

  test('by damaged storage: the server’s word stands', () => {
    store.set('pult.draft.c1', '{"comment": 5')
    expect(makeDraft(undefined, { ...empty, comment: 'saved' }).draft.state.get().comment).toBe('saved')
  })
})

test('finished: nothing is kept and nothing is sent any more', async () => {
  const { draft, sent } = makeDraft()
  draft.edit({ comment: 'done' })
  draft.finish()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(sent).toEqual([])
  expect(store.values.size).toBe(0)
})

test('closed and opened again (as React may): goes on where it was', async () => {
  const { draft, sent } = makeDraft()
  draft.edit({ comment: 'a' })
  draft.close()
  await vi.advanceTimersByTimeAsync(1000)
  expect(sent).toEqual([])
  draft.reopen()
  await vi.advanceTimersByTimeAsync(600)
  expect(sent).toHaveLength(1)
})
