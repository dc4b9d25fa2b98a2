// The phone's own window, as pages open it.

export const phonePath = '/phone'
/** The check of the phone, in a page and in the phone's window. */
export const checkPaths = { page: '/check', window: `${phonePath}/check` } as const
/** With it a person has asked for the phone, wherever it is; without, it comes back to where this browser had it. */
const takeMark = 'take'
/** Opening one of the same name shows the one that is there. */
const name = 'pult-phone'
const features = 'popup,width=360,height=600'

/** Opens the phone's window; tells whether the browser has let it open. */
export function openPhoneWindow(take: boolean): boolean {
  return window.open(take ? `${phonePath}?${takeMark}` : phonePath, name, features) !== null
}

export function isPhoneWindow(): boolean {
  return window.location.pathname === phonePath || window.location.pathname === checkPaths.window
}

/** Whether this phone window was opened by a person who wants the phone; told once, a reload is no wish. */
export function readTakeMark(): boolean {
  const wished = new URLSearchParams(window.location.search).has(takeMark)
  if (wished) window.history.replaceState(window.history.state, '', phonePath)
  return wished
}
