/** How many digits the server takes at a time. */
const most = 64

/** The keys in a pasted text: separators fall away, letters of the fourth column are capitals, and p or w is a pause. */
export function keysIn(text: string): string {
  return text
    .replaceAll(/[pw]/giu, ',')
    .toUpperCase()
    .replaceAll(/[^0-9A-D*#,]/gu, '')
}

/** The same in pieces that can be sent. */
export function portions(keys: string): readonly string[] {
  return keys.match(new RegExp(`.{1,${most}}`, 'gu')) ?? []
}
