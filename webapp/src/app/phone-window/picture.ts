import { useEffect, useState } from 'react'

/** Document Picture-in-Picture, which TypeScript's own library does not describe: a window that stays above all others. */
interface DocumentPictureInPicture {
  requestWindow(options: { width: number; height: number }): Promise<Window>
}

declare global {
  interface Window {
    readonly documentPictureInPicture?: DocumentPictureInPicture
  }
}

interface Picture {
  /** Where to render while it is open. */
  readonly body: HTMLElement | undefined
  /** Opens it, upon a click; undefined where the browser has none. */
  readonly open: (() => void) | undefined
}

/** Offers to show the phone above all other windows. When that window is closed the phone is back in its own. */
export function usePicture(): Picture {
  const [picture, setPicture] = useState<Window>()
  useEffect(() => {
    if (!picture) return
    const stop = dress(picture.document)
    const closed = () => setPicture(undefined)
    picture.addEventListener('pagehide', closed)
    return () => {
      picture.removeEventListener('pagehide', closed)
      stop()
      picture.close()
    }
  }, [picture])
  const offered = window.documentPictureInPicture
  return {
    body: picture?.document.body,
    open:
      offered &&
      (() => {
        // Refused, the phone stays where it is.
        offered.requestWindow({ width: 360, height: 600 }).then(setPicture, () => {})
      }),
  }
}

/** Gives the document the styles of this one, and its language and colours as long as it is shown. */
function dress(target: Document): () => void {
  for (const { ownerNode } of document.styleSheets) {
    if (ownerNode) target.head.append(target.importNode(ownerNode, true))
  }
  target.title = document.title
  const copy = () => {
    for (const { name, value } of document.documentElement.attributes) target.documentElement.setAttribute(name, value)
  }
  copy()
  const watcher = new MutationObserver(copy)
  watcher.observe(document.documentElement, { attributes: true })
  return () => watcher.disconnect()
}
