/** Whether keys pressed there are text: then no key is a command (WCAG 2.1.4). */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable) return true
  if (target instanceof HTMLInputElement)
    return !['checkbox', 'radio', 'button', 'range', 'submit'].includes(target.type)
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
}

/**
 * Whether Enter or Space pressed there belongs to the thing itself: a button, a link, an open menu or dialog. A button that is off
 * claims no key: it may hold the focus from when it was on.
 */
export function isControl(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false
  if (target.closest('[role="menu"], [role="listbox"], [role="dialog"]')) return true
  const control = target.closest('button, a, summary')
  return (
    control !== null && control.getAttribute('role') !== 'radio' && control.getAttribute('aria-disabled') !== 'true'
  )
}

export function isDialogOpen(): boolean {
  return document.querySelector('[role="dialog"][aria-modal="true"]') !== null
}
