import { defineConfig } from 'vitest/config'

// The contract of the store, which the project spider holds tables on several servers to as well.
const CONTRACT = ['store', 'store-failures', 'last-use', 'levels', 'tokens', 'id-order', 'id-bounds']

// What replaces modules or the environment, or measures the memory of its process.
const ALONE = 'test/**/*.alone.test.ts'

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    // What hangs is ended; a slow machine with other things to do takes its time.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // Files of one process share what they import: loading it again for each file took a third of the run.
    isolate: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'main',
          include: ['test/**/*.test.ts'],
          exclude: ['test/spider/**', ALONE],
          globalSetup: ['test/kit/mariadb-global-setup.ts'],
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: [ALONE], isolate: true },
      },
      {
        extends: true,
        test: {
          name: 'spider',
          include: ['test/spider/*.test.ts', ...CONTRACT.map((name) => `test/ledger/${name}.test.ts`)],
          globalSetup: ['test/kit/spider-global-setup.ts'],
        },
      },
    ],
  },
})
