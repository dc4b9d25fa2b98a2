import { useId, type ReactNode } from 'react'
import classes from './Panel.module.css'

interface PanelProps {
  title: string
  /** The heading is read out but not shown. */
  quiet?: boolean
  /** A landmark region named by the title. */
  region?: boolean
  aside?: ReactNode
  className?: string | undefined
  children: ReactNode
}

/** A titled part of the screen. */
export function Panel({ title, quiet = false, region = false, aside, className, children }: PanelProps) {
  const id = useId()
  return (
    <section className={className} {...(region ? { role: 'region', 'aria-labelledby': id } : {})}>
      <div className={quiet && !aside ? 'hidden' : classes['head']}>
        <h2 id={id} className={quiet ? 'hidden' : classes['title']}>
          {title}
        </h2>
        {aside}
      </div>
      {children}
    </section>
  )
}
