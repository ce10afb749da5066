import { defineConfig, type Plugin } from 'vitest/config'
import type { Reporter, TestModule } from 'vitest/node'
// @ts-expect-error plain JavaScript, because it runs before anything is built
import { tensorFlowModule as untyped } from './src/cli/build.mjs'
import { workerFiles } from './test/worker-files.js'

/** The last line in words that any reader of logs can count on: `N passed, N failed, N skipped`. */
const plainSummary: Reporter = {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]) {
    const counts = { passed: 0, failed: errors.length, skipped: 0, pending: 0 }
    for (const module of modules) {
      for (const test of module.children.allTests()) counts[test.result().state]++
      if (module.errors().length > 0) counts.failed++
    }
    process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`)
  },
}

/** TensorFlow.js's greeting, and its warnings where native TensorFlow brings it a second time: neither is about a test. */
const chatter = /you are running TensorFlow\.js in Node|is already registered|was already registered|Platform node has already/

/** TensorFlow.js as what is built imports it. */
const tensorFlow: Plugin = {
  name: 'windtunnel:tensorflow',
  enforce: 'pre',
  resolveId: (name: string) => (name === '@tensorflow/tfjs' ? '\0@tensorflow/tfjs' : undefined),
  load: (id: string) => (id === '\0@tensorflow/tfjs' ? (untyped as (path: string) => string)('@tensorflow/tfjs') : undefined),
}

/**
 * Tests that replace modules, change what is everybody's (the guard's globals, TensorFlow's backends, Playwright the file system) or weigh memory: each in a
 * process of its own. All others share processes, so that the library is loaded once for many of them.
 */
const alone = [
  'test/**/own.test.ts', 'test/**/*memory*.test.ts', 'test/actors/**/*.test.ts', 'test/engine/**/*.test.ts', 'test/time/guard.test.ts',
  'test/runs/replay/broken-off.test.ts', 'test/report/page/report.test.ts',
]

const path = (relative: string): string => new URL(relative, import.meta.url).pathname

export default defineConfig({
  plugins: [tensorFlow, workerFiles(path('.'))],
  resolve: {
    alias: [
      { find: /^@windtunnel\/windtunnel$/, replacement: path('./src/index.ts') },
      { find: /^@windtunnel\/windtunnel\/scenarios$/, replacement: path('./scenarios/index.ts') },
      { find: /^@windtunnel\/windtunnel\/tensorflow$/, replacement: path('./src/tensorflow.ts') },
    ],
  },
  test: {
    projects: [
      { extends: true, test: { name: 'together', include: ['test/**/*.test.ts'], exclude: alone, isolate: false } },
      { extends: true, test: { name: 'alone', include: alone } },
    ],
    setupFiles: ['test/setup.ts'],
    reporters: ['default', plainSummary],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    onConsoleLog: (log) => !chatter.test(log),
  },
})
