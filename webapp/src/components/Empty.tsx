import type { ComponentType, ReactNode } from 'react'
import type { IconProps } from './icon-props'
import classes from './Empty.module.css'

/** What stands in an empty place: what it is for, and what to do next. */
export function Empty(props: {
  icon?: ComponentType<IconProps>
  title: string
  children?: ReactNode
  tone?: 'plain' | 'trouble'
}) {
  const { icon: Icon, title, children, tone = 'plain' } = props
  return (
    <div className={classes['empty']} data-tone={tone}>
      {Icon && <Icon size={20} stroke={1.6} aria-hidden />}
      <div className={classes['body']}>
        <p className={classes['title']}>{title}</p>
        {children !== undefined && <div className={classes['text']}>{children}</div>}
      </div>
    </div>
  )
}
