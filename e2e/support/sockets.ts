import type { Page, WebSocketRoute } from '@playwright/test'

/** The page's WebSockets, which can be cut while everything else goes on, the voice above all. */
export class Sockets {
  readonly #open = new Map<WebSocketRoute, WebSocketRoute>()
  #cut = false

  /** Stands between a page that is not loaded yet and its servers. */
  async attach(page: Page): Promise<void> {
    await page.routeWebSocket(/.*/, (near) => {
      if (this.#cut) void near.close({ code: 3999 })
      else this.#open.set(near, near.connectToServer())
    })
  }

  /** Both ends lose the other, and every try to connect fails. */
  async cut(): Promise<void> {
    this.#cut = true
    const open = [...this.#open]
    this.#open.clear()
    for (const [near, far] of open) await Promise.all([near.close({ code: 3999 }), far.close({ code: 3999 })])
  }

  mend(): void {
    this.#cut = false
  }
}
