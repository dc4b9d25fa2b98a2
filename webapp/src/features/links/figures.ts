import type { Language } from '@/lib/format'

/** A share as a percentage: 78 %. Nearly everything is not everything: from 99 % on it has a decimal, rounded down. */
export function percent(share: number, language: Language): string {
  const near = share > 0.99 && share < 1
  return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: near ? 1 : 0 }).format(
    near ? Math.floor(share * 1000) / 1000 : share,
  )
}

/** A day in a narrow column: 12 Nov. Weeks begin at midnight UTC. */
export function shortDay(at: string, language: Language): string {
  return new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : 'ru-RU', {
    day: 'numeric',
    month: 'short',
    timeZone: 'UTC',
  }).format(new Date(at))
}
