/** A link of a customer system, if a browser may follow it: an address of a foreign system is data and could be a script. */
export function safeLink(url: string): string | undefined {
  // 1C opens its own records by e1c:// links (1C:Enterprise navigation links).
  return /^(?:https?|e1c):\/\//iu.test(url) ? url : undefined
}
