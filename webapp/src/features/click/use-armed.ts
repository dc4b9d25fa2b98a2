import { useEffect, useState } from 'react'

/** How long a page must have been in front before it dials, milliseconds. */
const settled = 700

/**
 * Whether a click is meant for this page. A foreign page can bring it in front between the two clicks of a double click; that second
 * click must dial nothing.
 */
export function useArmed(): boolean {
  const [armed, setArmed] = useState(false)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const disarm = () => {
      clearTimeout(timer)
      setArmed(false)
    }
    const begin = () => {
      disarm()
      if (document.visibilityState === 'visible') timer = setTimeout(() => setArmed(true), settled)
    }
    begin()
    window.addEventListener('focus', begin)
    window.addEventListener('blur', disarm)
    document.addEventListener('visibilitychange', begin)
    return () => {
      clearTimeout(timer)
      window.removeEventListener('focus', begin)
      window.removeEventListener('blur', disarm)
      document.removeEventListener('visibilitychange', begin)
    }
  }, [])
  return armed
}
