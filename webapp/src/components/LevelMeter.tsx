import classes from './LevelMeter.module.css'

const bars = Array.from({ length: 24 }, (_, i) => i)

/** How loud something is, 0 to 1. */
export function LevelMeter({ level, label }: { level: number; label: string }) {
  return (
    <div
      className={classes['meter']}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(level * 100)}
    >
      {bars.map((bar) => (
        <span key={bar} data-on={level * bars.length > bar || undefined} />
      ))}
    </div>
  )
}
