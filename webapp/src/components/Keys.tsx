import classes from './Keys.module.css'

/** The key that does what the button beside it does. */
export function Keys({ children }: { children: string }) {
  return (
    <kbd className={classes['keys']} aria-hidden>
      {children}
    </kbd>
  )
}
