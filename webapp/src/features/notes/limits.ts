import type { Note } from './draft'

/** How much may be written, as the server says. Characters are code points. */
export interface Limits {
  readonly comment: number
  readonly tags: number
  readonly tag: number
}

/** How many characters the server counts in a text. */
export function lengthOf(text: string): number {
  let length = 0
  for (const _ of text) length++
  return length
}

/** The text as far as the limit lets it go; no character is cut in two. */
export function cut(text: string, limit: number): string {
  return lengthOf(text) <= limit ? text : Array.from(text).slice(0, limit).join('')
}

/** A change that the server takes: for a page that goes away and cannot ask anybody to shorten it. */
export function fit(change: Partial<Note>, { comment, tags, tag }: Limits): Partial<Note> {
  return {
    ...change,
    ...(change.comment === undefined ? {} : { comment: cut(change.comment, comment) }),
    ...(change.tags === undefined ? {} : { tags: change.tags.slice(0, tags).map((name) => cut(name, tag)) }),
  }
}
