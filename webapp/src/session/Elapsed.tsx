import { stopwatch, unknown } from '@/lib/format'
import { useNow } from './context'

/** Time since a moment, running. */
export function Elapsed({ since, className }: { since: string | null | undefined; className?: string | undefined }) {
  const now = useNow()
  return <span className={`num ${className ?? ''}`}>{since ? stopwatch(now - Date.parse(since)) : unknown}</span>
}

/** Time left until a moment, running; 0:00 when it has passed. */
export function Remaining({ until, className }: { until: string; className?: string | undefined }) {
  const now = useNow()
  return <span className={`num ${className ?? ''}`}>{stopwatch(Date.parse(until) - now + 999)}</span>
}
