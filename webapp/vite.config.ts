import { join } from 'node:path'
import react from '@vitejs/plugin-react'
import { defaultClientConditions } from 'vite'
import { defineConfig } from 'vitest/config'

// Where `npm run dev` finds a server: the mock (`npm run mock`) or a real `pult serve`.
const server = process.env['PULT_URL'] ?? 'http://127.0.0.1:4080'

export default defineConfig({
  plugins: [react()],
  // RxJS keeps its modern build, without tslib, behind a condition of its own.
  resolve: {
    tsconfigPaths: true,
    conditions: ['es2015', ...defaultClientConditions],
    alias: [{ find: /^debug$/u, replacement: join(import.meta.dirname, 'src/phone/jssip-log.cjs') }],
  },
  build: {
    target: 'es2023',
    // Fonts and images stay files of our own: the content security policy allows no data: URL but images.
    assetsInlineLimit: 0,
    // public/.keep comes back as dist/.keep, which lets `go build` embed the folder before the first build.
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    manifest: 'manifest.json',
    chunkSizeWarningLimit: 1000, // kB, not gzipped; scripts/size.ts has the budget
    rolldownOptions: {
      output: {
        // What every signed-in page needs in one file: split up by who shares what, it is dozens of small ones, which compress worse.
        codeSplitting: {
          groups: [{ name: 'app', test: /src.app.App\.tsx$/u, includeDependenciesRecursively: true }],
        },
      },
    },
  },
  server: {
    proxy: {
      '/graphql': { target: server, ws: true },
      '/__mock': { target: server },
      '/ws': { target: server, ws: true },
    },
  },
  test: {
    maxWorkers: '100%',
    setupFiles: ['src/testing/setup.ts'],
    css: false,
    // One copy of graphql: what is left to Node would load its CommonJS twin.
    server: { deps: { inline: [/graphql/, /@apollo/] } },
    restoreMocks: true,
    testTimeout: 15_000,
    // Making a document takes longer than most tests of logic: a .ts that needs one says so in its first line.
    projects: [
      { extends: true, test: { name: 'logic', include: ['{src,scripts}/**/*.test.ts'], environment: 'node' } },
      // Pages share their modules, which take as long to load as to test: no file may replace one of them.
      { extends: true, test: { name: 'pages', include: ['src/**/*.test.tsx'], environment: 'jsdom', isolate: false } },
    ],
  },
})
