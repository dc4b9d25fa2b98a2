// How times, lengths and numbers are written. Everything takes the language, so that it can be tested and never surprises.

export type Language = 'ru' | 'en'

/** What is shown for a value that is not known; never 0. */
export const unknown = '—'

/** A length of time as on a stop-watch: 0:42, 12:03, 1:02:03. Negative lengths (clocks differ a little) are shown as 0:00. */
export function stopwatch(milliseconds: number): string {
  const total = Math.max(0, Math.floor(milliseconds / 1000))
  const seconds = String(total % 60).padStart(2, '0')
  const minutes = Math.floor(total / 60) % 60
  const hours = Math.floor(total / 3600)
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}` : `${minutes}:${seconds}`
}

/** Time of day: 12:03. */
export function timeOfDay(at: string | number | Date, language: Language): string {
  return formatter(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(new Date(at))
}

/** Time of day with seconds: 12:03:07. */
export function exactTime(at: string | number | Date, language: Language): string {
  return formatter(language, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }).format(
    new Date(at),
  )
}

/** A day as people say it: today, yesterday, 12 November, 12 November 2025. */
export function dayName(at: string | number | Date, now: number, language: Language): string {
  const day = new Date(at)
  const distance = daysBetween(day, new Date(now))
  if (distance === 0 || distance === 1) {
    return new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(-distance, 'day')
  }
  const sameYear = day.getFullYear() === new Date(now).getFullYear()
  return formatter(
    language,
    sameYear ? { day: 'numeric', month: 'long' } : { day: 'numeric', month: 'long', year: 'numeric' },
  ).format(day)
}

/** A stable key of the calendar day in the viewer's time zone. */
export function dayKey(at: string | number | Date): string {
  const day = new Date(at)
  return `${day.getFullYear()}-${day.getMonth() + 1}-${day.getDate()}`
}

/** How long ago: now, 3 min ago, 2 hr ago, yesterday. */
export function ago(at: string | number | Date, now: number, language: Language): string {
  const seconds = Math.max(0, Math.round((now - new Date(at).getTime()) / 1000))
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' })
  if (seconds < 45) return relative.format(0, 'second')
  if (seconds < 45 * 60) return relative.format(-Math.max(1, Math.round(seconds / 60)), 'minute')
  if (seconds < 22 * 3600) return relative.format(-Math.max(1, Math.round(seconds / 3600)), 'hour')
  return relative.format(-Math.max(1, Math.round(seconds / 86_400)), 'day')
}

/** A whole number with the language's separators (non-breaking). */
export function count(value: number, language: Language): string {
  return new Intl.NumberFormat(language).format(value)
}

/** Initials for an avatar: at most two letters. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/u).filter(Boolean)
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) =>
    word ? Array.from(word)[0] : '',
  )
  return letters.join('').toLocaleUpperCase()
}

/** Whether what was typed is meant as a number to dial: digits and what people put between them, at least two digits. */
export function looksLikeNumber(text: string): boolean {
  return /^\+?[\d\s().\-–*#]+$/u.test(text.trim()) && text.replace(/\D/gu, '').length >= 2
}

function daysBetween(a: Date, b: Date): number {
  const midnight = (d: Date) => Date.UTC(d.getFullYear(), d.getMonth(), d.getDate())
  return Math.round((midnight(b) - midnight(a)) / 86_400_000)
}

const formatters = new Map<string, Intl.DateTimeFormat>()

// Making a formatter is slow; there are few, and lists ask for them often.
function formatter(language: Language, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = language + JSON.stringify(options)
  let made = formatters.get(key)
  if (!made) {
    made = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : 'ru-RU', options)
    formatters.set(key, made)
  }
  return made
}
