import { defineConfig } from 'vitest/config'

// What `npm run mutation` runs for each mutant: tests in memory, without a database.
export default defineConfig({
  test: {
    include: ['test/audit/**/*.test.ts', 'test/units/**/*.test.ts', 'test/scenarios/*.memory.test.ts'],
    pool: 'threads',
    isolate: false,
    maxWorkers: 1,
    testTimeout: 30_000,
  },
})
