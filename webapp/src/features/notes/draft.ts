import { Observable } from '@/lib/observable'
import type { Store } from '@/lib/storage'

/** What the operator writes about a call. */
export interface Note {
  readonly topicId: string | null
  readonly tags: readonly string[]
  readonly comment: string
}

export type NoteField = keyof Note

/** What the server did with a change. */
export interface Outcome {
  readonly savedAt: string | null
  /** The fields it does not accept; when there is one, it has kept nothing of the change. */
  readonly wrong: readonly NoteField[]
}

export interface DraftState extends Note {
  /**
   * saved: the server has it; waiting: typed, soon sent; saving: under way; failed: kept here, tried again; refused: some fields are
   * wrong and are kept here until they are changed, the others are saved.
   */
  readonly phase: 'saved' | 'waiting' | 'saving' | 'failed' | 'refused'
  /** The fields that the server does not accept as they are. */
  readonly wrong: readonly NoteField[]
  /** When the server last took it; null when it never did. */
  readonly savedAt: string | null
}

interface DraftOptions {
  callId: string
  /** What the server has. */
  saved: Note & { readonly savedAt: string | null }
  store: Store
  /** Saves on the server; fields that are missing stay there as they are. Rejects when it is not known what became of it. */
  save: (change: Partial<Note>) => Promise<Outcome>
  /** Saves while the page goes away: sent without waiting for an answer. */
  saveOnLeave: (change: Partial<Note>) => void
}

/** Pause in typing after which it is saved; milliseconds. */
const pause = 600
const retryAfter = 3000

/**
 * A draft of the notes of one call: what is typed is at once in the tab's storage, soon on the server, and never lost to a reload,
 * a cut or a refusal.
 */
export class Draft {
  readonly state: Observable<DraftState>

  readonly #key: string
  readonly #store: Store
  readonly #save: DraftOptions['save']
  readonly #saveOnLeave: DraftOptions['saveOnLeave']
  /** What was edited here and is not on the server yet. */
  #edited: Partial<Note>
  #timer: ReturnType<typeof setTimeout> | undefined
  #saving: Promise<void> | undefined
  #closed = false

  constructor({ callId, saved, store, save, saveOnLeave }: DraftOptions) {
    this.#key = `pult.draft.${callId}`
    this.#store = store
    this.#save = save
    this.#saveOnLeave = saveOnLeave
    const kept = this.#read()
    this.#edited = kept ?? {}
    this.state = new Observable<DraftState>({ ...saved, ...kept, phase: kept ? 'waiting' : 'saved', wrong: [] })
    if (kept) this.#schedule(pause)
  }

  /** Whether the server lacks something. */
  get dirty(): boolean {
    return this.state.get().phase !== 'saved'
  }

  /** What the server lacks, without what it refuses; empty when it has everything that it takes. */
  get unsaved(): Partial<Note> {
    const { comment, wrong } = this.state.get()
    const change: { -readonly [field in NoteField]?: Note[field] } = { ...this.#edited }
    for (const field of wrong) delete change[field]
    if (Object.keys(change).length === 0) return {}
    // The comment goes with every change: its time tells other pages that something is new.
    return wrong.includes('comment') ? change : { comment, ...change }
  }

  /** Changes the draft and saves it soon. */
  edit(change: Partial<Note>): void {
    const state = this.state.get()
    this.#edited = { ...this.#edited, ...change }
    this.state.set({
      ...state,
      ...change,
      wrong: state.wrong.filter((field) => !(field in change)),
      phase: 'waiting',
    })
    this.#keep()
    this.#schedule(pause)
  }

  /**
   * Takes what the server has if it is newer: another page of ours wrote it. Not while something here is unsaved; and not what the
   * feed read just before our own save and delivers just after it.
   */
  adopt(saved: Note & { readonly savedAt: string | null }): void {
    if (this.dirty || saved.savedAt === null) return
    const { savedAt } = this.state.get()
    if (savedAt === null || Date.parse(saved.savedAt) > Date.parse(savedAt))
      this.state.set({ ...saved, phase: 'saved', wrong: [] })
  }

  /** Saves now what is not saved. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#saving
    if (!this.dirty || this.#closed) return
    this.#saving = this.#send()
    await this.#saving
  }

  /** The page goes away. What the server refused goes too: whoever sends it makes it fit. */
  leave(): void {
    if (!this.dirty || this.#closed) return
    this.#saveOnLeave({ ...this.unsaved, ...this.#edited })
  }

  /** The notes are finished and the server has them: nothing is kept here. */
  finish(): void {
    this.close()
    this.#store.remove(this.#key)
  }

  /** Ends timers; what is not saved stays in the tab's storage. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  /** Goes on after close: React may mount an effect twice. */
  reopen(): void {
    this.#closed = false
    if (this.dirty && this.state.get().phase !== 'refused') this.#schedule(pause)
  }

  #schedule(delay: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.flush(), delay)
  }

  async #send(): Promise<void> {
    try {
      // Once more for each refusal: what is right is saved although something else is wrong.
      for (let sent = this.unsaved; Object.keys(sent).length > 0; sent = this.unsaved) {
        this.state.set({ ...this.state.get(), phase: 'saving' })
        const { savedAt, wrong } = await this.#save(sent)
        this.#settle(sent, savedAt, wrong)
        // What was typed meanwhile is waiting, with a timer of its own.
        if (this.state.get().phase === 'waiting') return
      }
      this.state.set({ ...this.state.get(), phase: this.state.get().wrong.length > 0 ? 'refused' : 'saved' })
    } catch {
      if (this.state.get().phase === 'saving') this.state.set({ ...this.state.get(), phase: 'failed' })
      if (!this.#closed) this.#schedule(retryAfter)
    } finally {
      this.#saving = undefined
    }
  }

  /** Takes down what became of a change; a field that was edited meanwhile is neither saved nor wrong. */
  #settle(sent: Partial<Note>, savedAt: string | null, wrong: readonly NoteField[]): void {
    const state = this.state.get()
    const unchanged = (field: NoteField) => state[field] === sent[field]
    if (wrong.length > 0) {
      const found = wrong.filter((field) => field in sent && unchanged(field))
      this.#edited = { ...pick(sent, found), ...this.#edited }
      this.state.set({ ...state, wrong: [...state.wrong, ...found] })
      if (found.length === 0 && state.phase === 'saving') throw new Error('refused, and nothing that was sent is wrong')
    } else {
      this.#edited = pick(
        this.#edited,
        fields.filter((field) => field in this.#edited && !(field in sent && unchanged(field))),
      )
      this.state.set({ ...state, savedAt: savedAt ?? state.savedAt })
    }
    this.#keep()
  }

  #keep(): void {
    if (Object.keys(this.#edited).length === 0) this.#store.remove(this.#key)
    else this.#store.set(this.#key, JSON.stringify(this.#edited))
  }

  #read(): Partial<Note> | undefined {
    try {
      const kept: unknown = JSON.parse(this.#store.get(this.#key) ?? 'null')
      if (typeof kept !== 'object' || kept === null) return undefined
      const { topicId, tags, comment } = kept as Record<string, unknown>
      const note: Partial<Note> = {
        ...(typeof topicId === 'string' || topicId === null ? { topicId } : {}),
        ...(Array.isArray(tags) ? { tags: tags.filter((tag): tag is string => typeof tag === 'string') } : {}),
        ...(typeof comment === 'string' ? { comment } : {}),
      }
      return Object.keys(note).length > 0 ? note : undefined
    } catch {
      return undefined
    }
  }
}

const fields: readonly NoteField[] = ['topicId', 'tags', 'comment']

function pick(note: Partial<Note>, wanted: readonly NoteField[]): Partial<Note> {
  return Object.fromEntries(wanted.map((field) => [field, note[field]]))
}
