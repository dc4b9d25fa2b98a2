import { useEffect, useEffectEvent } from 'react'
import { isTyping } from '@/lib/keyboard'

/** Tells the keypad's keys pressed on the keyboard, or pasted, while no field is being typed in. */
export function useDigits(press: (digit: string) => void, paste: (text: string) => void): void {
  const pressed = useEffectEvent(press)
  const pasted = useEffectEvent(paste)
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      if (!/^[0-9*#]$/u.test(event.key)) return
      event.preventDefault()
      event.stopImmediatePropagation() // not also a topic
      pressed(event.key)
    }
    const take = (event: ClipboardEvent) => {
      if (isTyping(event.target)) return
      event.preventDefault()
      pasted(event.clipboardData?.getData('text') ?? '')
    }
    window.addEventListener('keydown', listen, { capture: true })
    window.addEventListener('paste', take)
    return () => {
      window.removeEventListener('keydown', listen, { capture: true })
      window.removeEventListener('paste', take)
    }
  }, [])
}
