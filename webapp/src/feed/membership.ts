/**
 * Which entities a feed holds. A snapshot (between begin and synced) names everything that is there; what it does not name is
 * dropped when it is complete, not before: nothing disappears from the screen while a reconnect is under way.
 */
export class Membership {
  #ids: readonly string[] = []
  #snapshot: Set<string> | undefined

  /** The members in order of arrival; a new array whenever they change. */
  get ids(): readonly string[] {
    return this.#ids
  }

  has(id: string): boolean {
    return this.#ids.includes(id)
  }

  /** A snapshot starts. */
  begin(): void {
    this.#snapshot = new Set()
  }

  /** An entity was told. Returns true when it is new. */
  add(id: string): boolean {
    this.#snapshot?.add(id)
    if (this.#ids.includes(id)) return false
    this.#ids = [...this.#ids, id]
    return true
  }

  /** An entity has left. Returns true when it was there. */
  remove(id: string): boolean {
    this.#snapshot?.delete(id)
    if (!this.#ids.includes(id)) return false
    this.#ids = this.#ids.filter((other) => other !== id)
    return true
  }

  /** The snapshot is complete. Returns the ids that were dropped. */
  synced(): readonly string[] {
    const told = this.#snapshot
    this.#snapshot = undefined
    if (!told) return []
    const dropped = this.#ids.filter((id) => !told.has(id))
    if (dropped.length > 0) this.#ids = this.#ids.filter((id) => told.has(id))
    return dropped
  }
}
