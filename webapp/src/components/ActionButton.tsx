import { Loader, Tooltip, UnstyledButton } from '@mantine/core'
import { useId, type ComponentType, type ReactNode } from 'react'
import classes from './ActionButton.module.css'
import type { IconProps } from './icon-props'
import { Keys } from './Keys'

export interface ActionButtonProps {
  /** The accessible name and, where there is room, the visible word. */
  label: string
  /** The visible word, where the name is too long for the button; part of the name. */
  short?: string | undefined
  icon?: ComponentType<IconProps>
  /** The key that does the same, as shown; and as aria-keyshortcuts wants it. */
  keys?: string
  shortcut?: string
  /** Why it cannot be pressed now; empty when it can. Shown and read out. */
  reason?: string
  /** Pressed, and the server has not confirmed yet. */
  pending?: boolean
  /** A switch that is on. */
  pressed?: boolean
  tone?: 'plain' | 'answer' | 'hangup' | 'primary' | 'held' | 'muted'
  wide?: boolean
  /** Smaller: in a row of many. */
  compact?: boolean
  /** How far a held key has come, 0 to 1. */
  progress?: number
  onPress: () => void
  children?: ReactNode
}

/** A button of the phone bar: keeps its place in all states, says why when it is off, shows when it waits for the server. */
export function ActionButton(props: ActionButtonProps) {
  const {
    label,
    short = label,
    icon: Icon,
    keys,
    shortcut,
    reason = '',
    pending = false,
    pressed,
    tone = 'plain',
    wide,
    compact,
    progress,
    onPress,
  } = props
  const reasonId = useId()
  const off = reason !== '' || pending
  return (
    <Tooltip label={reason} disabled={reason === ''}>
      <UnstyledButton
        className={classes['button']}
        data-tone={tone}
        data-wide={wide || undefined}
        data-compact={compact || undefined}
        data-off={reason !== '' || undefined}
        aria-label={label}
        aria-disabled={off || undefined}
        aria-busy={pending || undefined}
        aria-pressed={pressed}
        aria-keyshortcuts={shortcut}
        aria-describedby={reason === '' ? undefined : reasonId}
        onClick={() => {
          if (!off) onPress()
        }}
      >
        {progress !== undefined && progress > 0 && (
          <span className={classes['progress']} style={{ transform: `scaleX(${progress})` }} aria-hidden />
        )}
        <span className={classes['icon']} aria-hidden>
          {pending ? <Loader size={16} color="currentColor" /> : Icon && <Icon size={compact ? 16 : 20} stroke={1.8} />}
        </span>
        <span className={classes['label']} aria-hidden>
          {short}
        </span>
        {keys !== undefined && <Keys>{keys}</Keys>}
        {reason !== '' && (
          <span id={reasonId} className="hidden">
            {reason}
          </span>
        )}
      </UnstyledButton>
    </Tooltip>
  )
}
