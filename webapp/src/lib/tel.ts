/** The longest number that exists is 15 digits; people put prefixes before it. */
const longest = 20

/**
 * The number that a link asks for, as digits with or without a plus; undefined where it is none. A link comes from anywhere: codes with * and # (they
 * divert a line), pauses and digits to be sent after the answer are for a person to type.
 */
export function numberOfLink(text: string): string | undefined {
  // A plus that nobody escaped comes out of an address as a space.
  const given = text
    .replace(/^(?:tel|callto):(?:\/\/)?/iu, '')
    .replace(/;.*$/u, '') // parameters of RFC 3966
    .replace(/^\s+(?=\d)/u, '+')
  if (!/^\+?[\d\s().\-–]+$/u.test(given)) return undefined
  const digits = given.replace(/\D/gu, '')
  if (digits.length < 2 || digits.length > longest) return undefined
  return given.startsWith('+') ? `+${digits}` : digits
}
