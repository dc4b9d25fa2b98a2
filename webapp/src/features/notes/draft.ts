import { Observable } from '@/lib/observable'
import type { Store } from '@/lib/storage'

/** What the operator writes about a call. */
export interface Note {
  readonly topicId: string | null
  readonly tags: readonly string[]
  readonly comment: string
}

export interface DraftState extends Note {
  /** saved: the server has it; waiting: typed, soon sent; saving: under way; failed: kept here, tried again. */
  readonly phase: 'saved' | 'waiting' | 'saving' | 'failed'
  /** When the server last took it; null when it never did. */
  readonly savedAt: string | null
}

interface DraftOptions {
  callId: string
  /** What the server has. */
  saved: Note & { readonly savedAt: string | null }
  store: Store
  /** Saves on the server; resolves with the time of saving. */
  save: (note: Note) => Promise<string | null>
  /** Saves while the page goes away: sent without waiting for an answer. */
  saveOnLeave: (note: Note) => void
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
  #timer: ReturnType<typeof setTimeout> | undefined
  #saving: Promise<void> | undefined
  #closed = false

  constructor({ callId, saved, store, save, saveOnLeave }: DraftOptions) {
    this.#key = `pult.draft.${callId}`
    this.#store = store
    this.#save = save
    this.#saveOnLeave = saveOnLeave
    const kept = this.#read()
    this.state = new Observable<DraftState>({ ...saved, ...kept, phase: kept ? 'waiting' : 'saved' })
    if (kept) this.#schedule(pause)
  }

  /** Whether the server lacks something. */
  get dirty(): boolean {
    return this.state.get().phase !== 'saved'
  }

  /** Changes the draft and saves it soon. */
  edit(change: Partial<Note>): void {
    const { topicId, tags, comment, savedAt } = { ...this.state.get(), ...change }
    this.state.set({ topicId, tags, comment, savedAt, phase: 'waiting' })
    this.#store.set(this.#key, JSON.stringify({ topicId, tags, comment }))
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
      this.state.set({ ...saved, phase: 'saved' })
  }

  /** Saves now what is not saved. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#saving
    if (!this.dirty || this.#closed) return
    this.#saving = this.#send()
    await this.#saving
  }

  /** The page goes away. */
  leave(): void {
    if (!this.dirty || this.#closed) return
    const { topicId, tags, comment } = this.state.get()
    this.#saveOnLeave({ topicId, tags, comment })
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
    if (this.dirty) this.#schedule(pause)
  }

  #schedule(delay: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.flush(), delay)
  }

  async #send(): Promise<void> {
    const { topicId, tags, comment } = this.state.get()
    this.state.set({ ...this.state.get(), phase: 'saving' })
    try {
      const savedAt = await this.#save({ topicId, tags, comment })
      // What was typed meanwhile is waiting, with a timer of its own.
      const typedMeanwhile = this.state.get().phase === 'waiting'
      this.state.set({ ...this.state.get(), savedAt, phase: typedMeanwhile ? 'waiting' : 'saved' })
      if (!typedMeanwhile) this.#store.remove(this.#key)
    } catch {
      if (this.state.get().phase === 'saving') this.state.set({ ...this.state.get(), phase: 'failed' })
      if (!this.#closed) this.#schedule(retryAfter)
    } finally {
      this.#saving = undefined
    }
  }

  #read(): Note | undefined {
    try {
      const kept: unknown = JSON.parse(this.#store.get(this.#key) ?? 'null')
      if (typeof kept !== 'object' || kept === null) return undefined
      const { topicId, tags, comment } = kept as Record<string, unknown>
      if (typeof comment !== 'string' || !Array.isArray(tags)) return undefined
      return {
        topicId: typeof topicId === 'string' ? topicId : null,
        tags: tags.filter((tag): tag is string => typeof tag === 'string'),
        comment,
      }
    } catch {
      return undefined
    }
  }
}
