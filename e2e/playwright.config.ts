import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { defineConfig } from '@playwright/test'

const root = join(import.meta.dirname, '..')

/** The browser of scripts/parts: nothing is downloaded. */
export const chromiumPath = execFileSync(join(root, 'scripts/parts'), ['path', 'chromium'], { encoding: 'utf8' }).trim()

/** What the microphone "hears", made by the global setup. */
export const microphone = join(import.meta.dirname, 'test-results', 'microphone.wav')

// Debian's start script reads the environment; this is all it needs.
export const chromiumArgs = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-sync',
  '--no-first-run',
  '--autoplay-policy=no-user-gesture-required',
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
  `--use-file-for-fake-audio-capture=${microphone}`,
]

export default defineConfig({
  testDir: 'stories',
  outputDir: 'test-results/artifacts',
  globalSetup: './support/setup.ts',
  // Each worker has a telephone exchange and a floor of its own, where stories follow each other.
  workers: 2,
  fullyParallel: false,
  forbidOnly: process.env['CI'] !== undefined,
  retries: 0,
  timeout: 60_000,
  globalTimeout: 15 * 60_000,
  expect: { timeout: 10_000 },
  reporter: [['list'], ['./support/reasons.ts']],
  projects: [
    { name: 'stories', testIgnore: /network\.spec/ },
    // It adds and cuts a network that every browser around takes for a way of its own: nothing else may run beside it.
    { name: 'networks', testMatch: /network\.spec/, dependencies: ['stories'] },
  ],
  use: {
    launchOptions: {
      executablePath: chromiumPath,
      args: chromiumArgs,
    },
    viewport: { width: 1280, height: 800 },
    permissions: ['microphone', 'notifications'],
    // A film of every page would take more of the machine than all else together.
    trace: { mode: 'retain-on-failure', screenshots: false },
    screenshot: 'only-on-failure',
    actionTimeout: 10_000,
  },
})
