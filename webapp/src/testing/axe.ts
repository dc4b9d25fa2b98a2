import axe from 'axe-core'

/**
 * What axe finds in the document, as readable lines. jsdom neither lays out nor paints, so colours and scrolling are seen in a real
 * browser only (dev/shots.ts). Menus, lists and dialogs open outside of the landmarks, and a dialog has a header of its own, as the
 * patterns of WAI-ARIA have it.
 */
export async function accessibilityProblems(): Promise<string[]> {
  const { violations } = await axe.run(document, {
    rules: {
      'color-contrast': { enabled: false },
      'scrollable-region-focusable': { enabled: false },
      region: { enabled: false },
      'landmark-no-duplicate-banner': { enabled: false },
      'landmark-unique': { enabled: false },
    },
  })
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 200)).join(' | ')}`)
}
