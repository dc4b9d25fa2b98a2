import { screen, waitFor } from '@testing-library/react'
import type { UserEvent } from '@testing-library/user-event'
import { describe, expect, test } from 'vitest'
import { MicrophoneError, type Microphone } from '@/phone/types'
import { accessibilityProblems } from '@/testing/axe'
import { renderApp } from '@/testing/app'

interface Screen {
  readonly scenario: string
  readonly path?: string
  readonly act?: (user: UserEvent) => Promise<void>
  readonly microphone?: Microphone
  /** What stands on it when it is complete. */
  readonly selector: string
}

const blocked: Microphone = {
  open: async () => Promise.reject(new MicrophoneError('denied')),
  watch: () => () => {},
}

const screens: Record<string, Screen> = {
  'sign-in': { scenario: 'signin', selector: 'input[name=password]' },
  idle: { scenario: 'idle', selector: 'main ul li' },
  'first day': { scenario: 'first', selector: 'main dl' },
  demo: { scenario: 'demo', selector: 'aside button' },
  offer: { scenario: 'offer', selector: 'aside ul li button' },
  talking: { scenario: 'talking', selector: '[role=radio]' },
  'wrap-up': { scenario: 'wrapup', selector: '[role=radio][aria-checked=true]' },
  pending: { scenario: 'pending', selector: '[aria-busy=true]' },
  several: { scenario: 'many', selector: 'article, section li button' },
  none: { scenario: 'none', selector: '[role=radio]' },
  silent: { scenario: 'failed', selector: '[role=radio]' },
  anonymous: { scenario: 'anonymous', selector: '[role=radio]' },
  internal: { scenario: 'internal', selector: '[role=radio]' },
  'two calls': { scenario: 'two', selector: 'section li[data-stage=held]' },
  'second call': { scenario: 'second', selector: 'section li[data-stage=offer]' },
  consultation: { scenario: 'consulting', selector: 'li[data-place=withYou]' },
  'phone window, idle': { scenario: 'idle', path: '/phone', selector: 'main form' },
  'phone window, ringing': { scenario: 'offer', path: '/phone', selector: 'main[data-stage=offer]' },
  'phone window, talking': { scenario: 'talking', path: '/phone', selector: 'main[data-stage=talking]' },
  'phone window, held': { scenario: 'held', path: '/phone', selector: 'main[data-stage=held]' },
  'phone window, two calls': { scenario: 'two', path: '/phone', selector: 'main li[data-stage=held]' },
  'phone window, trouble': {
    scenario: 'offline',
    path: '/phone',
    microphone: blocked,
    selector: 'aside [role=alert]',
  },
  'desk phone': { scenario: 'desk', selector: 'aside ul li button' },
  'desk phone away': { scenario: 'deskaway', selector: 'aside [role=alert]' },
  check: { scenario: 'idle', path: '/check', selector: 'li[data-state=ok]' },
  'linked calls': { scenario: 'supervisor', path: '/links', selector: 'main table' },
  'deals and letters': { scenario: 'business', selector: 'main a[href*=deal]' },
  readiness: { scenario: 'supervisor', path: '/readiness', selector: 'li[data-readiness]' },
  connectors: { scenario: 'admin', path: '/connectors', selector: 'li[data-connector]' },
  'no connectors': { scenario: 'noconnectors', path: '/connectors', selector: 'a[href="/connectors/new"]' },
  'kinds of connectors': { scenario: 'admin', path: '/connectors/new', selector: 'a[href="/connectors/new/onec"]' },
  'a new connector': { scenario: 'admin', path: '/connectors/new/onec', selector: 'input[type=password]' },
  'a connector': { scenario: 'admin', path: '/connectors/bitrix', selector: 'input[type=password]' },
  'a connector of the file': { scenario: 'admin', path: '/connectors/1c', selector: 'input[type=tel]' },
  outbox: { scenario: 'admin', path: '/outbox', selector: 'li[data-state=DEAD]' },
  'a number that was clicked elsewhere': {
    scenario: 'idle',
    path: '/call?number=%2B74951234567',
    selector: 'main button:enabled',
  },
  settings: { scenario: 'idle', path: '/settings', selector: '[role=meter]' },
  help: {
    scenario: 'idle',
    selector: '[role=dialog] dl',
    act: async (user) => {
      await screen.findAllByRole('status')
      await user.keyboard('?')
    },
  },
  availability: {
    scenario: 'idle',
    selector: '[role=menu]',
    act: async (user) => {
      const change = await waitFor(() => {
        const found = document.querySelector('[aria-keyshortcuts="R P"]')
        if (!found) throw new Error('not there yet')
        return found
      })
      await user.click(change)
    },
  },
}

// No colours here: jsdom draws nothing. What they are to each other is looked at in a real browser.
describe.each(['en', 'ru'] as const)('in %s', (language) => {
  test.each(Object.entries(screens))(
    '%s is accessible, and every word is translated',
    async (_, { scenario, path, act, microphone, selector }) => {
      const { user } = await renderApp(scenario, {
        language,
        ...(path === undefined ? {} : { path }),
        ...(microphone === undefined ? {} : { microphone }),
      })
      await act?.(user)
      await waitFor(() => expect(document.querySelector(selector)).not.toBeNull())
      expect(document.documentElement.lang).toBe(language)
      expect(await accessibilityProblems()).toEqual([])
      // A key that has no words shows itself: call.answer.
      expect(document.body.textContent).not.toMatch(
        /\b(?:call|customer|match|notes|history|phone|reason|idle|settings|check|help|signIn)\.[a-z]+\b/u,
      )
    },
  )
})
