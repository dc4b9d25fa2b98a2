import { useEffect, useEffectEvent } from 'react'
import { isTyping } from '@/lib/keyboard'

/** Tells the keypad's keys pressed on the keyboard, while no field is being typed in. */
export function useDigits(press: (digit: string) => void): void {
  const pressed = useEffectEvent(press)
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      if (!/^[0-9*#]$/u.test(event.key)) return
      event.preventDefault()
      event.stopImmediatePropagation() // not also a topic
      pressed(event.key)
    }
    window.addEventListener('keydown', listen, { capture: true })
    return () => window.removeEventListener('keydown', listen, { capture: true })
  }, [])
}
