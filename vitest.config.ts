import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: {
    alias: [
      { find: /^windtunnel$/, replacement: new URL('./src/index.ts', import.meta.url).pathname },
      { find: /^windtunnel\/scenarios$/, replacement: new URL('./scenarios/index.ts', import.meta.url).pathname },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    maxWorkers: 2,
  },
})
