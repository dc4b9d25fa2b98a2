import * as matchers from '@testing-library/jest-dom/matchers'
import { cleanup, configure } from '@testing-library/react'
import { afterEach, expect } from 'vitest'

expect.extend(matchers)

// Whole pages are rendered, on machines that do other things as well; and a page in an error message helps nobody.
configure({ asyncUtilTimeout: 5000, getElementError: (message) => new Error(message ?? 'not found') })

// What jsdom lacks and our parts ask for.
if (typeof window !== 'undefined') {
  const computedStyle = window.getComputedStyle.bind(window)
  window.getComputedStyle = (element) => computedStyle(element) // without the warning for pseudo-elements
  window.HTMLCanvasElement.prototype.getContext = () => null
  document.title = 'Pult' // as index.html has it
  window.matchMedia ??= (query) => ({
    matches: false,
    media: query,
    onchange: null,
    addListener: () => {},
    removeListener: () => {},
    addEventListener: () => {},
    removeEventListener: () => {},
    dispatchEvent: () => false,
  })
  window.ResizeObserver ??= class {
    observe() {}
    unobserve() {}
    disconnect() {}
  }
  window.HTMLElement.prototype.scrollIntoView = () => {}
  window.HTMLMediaElement.prototype.play = async () => {}
  Object.defineProperty(document, 'fonts', {
    value: { addEventListener: () => {}, removeEventListener: () => {} },
    configurable: true,
  })
}

afterEach(() => {
  if (typeof window === 'undefined') return
  cleanup()
  window.sessionStorage.clear()
  window.localStorage.clear()
})
