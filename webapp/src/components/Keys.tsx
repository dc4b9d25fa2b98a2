import classes from './Keys.module.css'

/**
 * The key that does what the button beside it does. It is drawn, not text: the name of the button stays what is written on it, and the
 * key is told to assistive technology by aria-keyshortcuts.
 */
export function Keys({ children }: { children: string }) {
  return <kbd className={classes['keys']} data-keys={children} aria-hidden />
}
