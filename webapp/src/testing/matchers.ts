import type { TestingLibraryMatchers } from '@testing-library/jest-dom/matchers'

// The package's own vitest typing is for an older Vitest: 5 is extended through Matchers.
declare module 'vitest' {
  interface Matchers<R, T> extends TestingLibraryMatchers<T, R> {}
}
