import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { chromium } from '@playwright/test'
import { chromiumArgs, chromiumPath } from '../playwright.config.ts'
import { expect, test } from '../support/test.ts'

// What `pult config browser-policy` prints, in a real Chromium: nobody is asked anything. The policies are the only difference
// between the two browsers, and neither has a switch that answers in place of a person.

const root = join(import.meta.dirname, '../..')
const args = chromiumArgs.filter((arg) => !arg.startsWith('--use-fake-ui') && !arg.startsWith('--autoplay-policy'))

interface Found {
  microphone: string
  sound: string
  notifications: string
  popup: string
}

/** Opens Pult and tells what the browser allows the page before anybody has touched it. */
async function allowed(url: string, policies: string, folder: string): Promise<Found> {
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: join(root, 'e2e/support/managed-chromium'),
    args,
    permissions: undefined, // what other stories have; an empty list would deny everything
    ignoreDefaultArgs: ['--disable-popup-blocking'],
    env: { ...process.env, PULT_CHROMIUM: chromiumPath, PULT_POLICIES: policies },
  })
  try {
    const page = context.pages()[0] ?? (await context.newPage())
    // In a script of the page: what Playwright evaluates itself counts as a click.
    await page.addInitScript(() => {
      if (window.opener !== null) return
      const late = async (what: string) => new Promise<string>((resolve) => setTimeout(() => resolve(what), 3000))
      const look = async () => {
        const audio = new AudioContext()
        const popup = window.open('about:blank', '', 'popup')
        const found = {
          microphone: await Promise.race([
            navigator.mediaDevices.getUserMedia({ audio: true }).then(
              () => 'given',
              (error: Error) => error.name,
            ),
            late('asked'),
          ]),
          sound: audio.state,
          notifications: Notification.permission,
          popup: popup === null ? 'blocked' : 'opened',
        }
        popup?.close()
        return found
      }
      const w = window as unknown as { found?: Found }
      addEventListener('DOMContentLoaded', () => void look().then((found) => (w.found = found)))
    })
    await page.goto(url)
    const found = await page.waitForFunction(() => (window as unknown as { found?: Found }).found)
    return (await found.jsonValue()) as Found
  } finally {
    await context.close()
  }
}

test('with its policies a managed browser asks nothing, without them it does', async ({ stand }, info) => {
  const [url = ''] = stand.info.urls
  const policies = execFileSync(join(root, 'bin/pult'), ['config', 'browser-policy', '--url', url, '--browser', 'chromium'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })

  const plain = await allowed(url, '{}', info.outputPath('plain'))
  expect(plain.microphone).not.toBe('given')
  expect(plain).toMatchObject({ sound: 'suspended', popup: 'blocked' })
  expect(plain.notifications).not.toBe('granted')

  const managed = await allowed(url, policies, info.outputPath('managed'))
  expect(managed).toEqual({ microphone: 'given', sound: 'running', notifications: 'granted', popup: 'opened' })
})
