const isApple = /Mac|iPhone|iPad/u.test(navigator.userAgent)

/** How this computer's keyboard names the keys. */
export const alternative = isApple ? '⌥' : 'Alt '
export const control = isApple ? '⌘' : 'Ctrl '
