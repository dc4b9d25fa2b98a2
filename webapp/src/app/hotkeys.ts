import { useEffect, useEffectEvent } from 'react'
import { isControl, isDialogOpen, isTyping } from '@/lib/keyboard'

/** A key. Letters go by their place on the keyboard (code), so that they work in every layout, the Russian one too. */
export interface Hotkey {
  readonly code?: string
  readonly key?: string
  /** Ctrl, or ⌘ on Apple keyboards. */
  readonly control?: boolean
  /** Works also while a field is being typed in. */
  readonly whileTyping?: boolean
  /** Left to a button or link that has the focus: Enter. */
  readonly yieldsToControls?: boolean
}

/** Calls run when the key is pressed. Inactive while typing (WCAG 2.1.4) and while a dialog is open. */
export function useHotkey(hotkey: Hotkey, run: () => void): void {
  const { code, key, control = false, whileTyping = false, yieldsToControls = false } = hotkey
  const pressed = useEffectEvent(run)
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.repeat || event.defaultPrevented || event.altKey) return
      if ((event.ctrlKey || event.metaKey) !== control) return
      if (code !== undefined && (event.code !== code || event.shiftKey)) return
      if (key !== undefined && event.key !== key) return
      if (!whileTyping && isTyping(event.target)) return
      if (yieldsToControls && isControl(event.target)) return
      if (isDialogOpen()) return
      event.preventDefault()
      pressed()
    }
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [code, key, control, whileTyping, yieldsToControls])
}

/** Calls run with true when Space goes down and with false when it comes up. */
export function useHeldSpace(enabled: boolean, run: (down: boolean) => void): void {
  const changed = useEffectEvent(run)
  useEffect(() => {
    if (!enabled) return
    let held = false
    const down = (event: KeyboardEvent) => {
      if (event.code !== 'Space' || isTyping(event.target) || isControl(event.target) || isDialogOpen()) return
      event.preventDefault() // the page does not scroll
      if (held) return
      held = true
      changed(true)
    }
    const up = (event: Event) => {
      if (!held || (event instanceof KeyboardEvent && event.code !== 'Space')) return
      held = false
      changed(false)
    }
    window.addEventListener('keydown', down)
    window.addEventListener('keyup', up)
    window.addEventListener('blur', up)
    return () => {
      window.removeEventListener('keydown', down)
      window.removeEventListener('keyup', up)
      window.removeEventListener('blur', up)
      if (held) changed(false) // switched off under the finger: the key's release will not be heard
    }
  }, [enabled])
}

/** How long the key for hanging up is held; milliseconds. */
const holdTime = 300

/** Calls run when Alt+Backspace has been held; tells the progress, 0 to 1. */
export function useHeldEnd(enabled: boolean, tell: (progress: number) => void, run: () => void): void {
  const done = useEffectEvent(run)
  const told = useEffectEvent(tell)
  useEffect(() => {
    if (!enabled) return
    let started: number | undefined
    let frame = 0
    const cancel = () => {
      cancelAnimationFrame(frame)
      started = undefined
      told(0)
    }
    const step = () => {
      if (started === undefined) return
      const progress = (performance.now() - started) / holdTime
      if (progress >= 1) {
        cancel()
        done()
        return
      }
      told(progress)
      frame = requestAnimationFrame(step)
    }
    const down = (event: KeyboardEvent) => {
      if (event.code !== 'Backspace' || !event.altKey || isTyping(event.target) || isDialogOpen()) return
      event.preventDefault()
      if (event.repeat || started !== undefined) return
      started = performance.now()
      step()
    }
    const up = () => {
      if (started !== undefined) cancel()
    }
    window.addEventListener('keydown', down)
    window.addEventListener('keyup', up)
    window.addEventListener('blur', up)
    return () => {
      window.removeEventListener('keydown', down)
      window.removeEventListener('keyup', up)
      window.removeEventListener('blur', up)
      cancel()
    }
  }, [enabled])
}
