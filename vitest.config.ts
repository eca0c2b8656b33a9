import { defineConfig } from 'vitest/config'

// The contract of the store, which the project spider holds tables on several servers to as well.
const CONTRACT = ['store', 'store-failures', 'last-use', 'levels', 'tokens', 'id-order', 'id-bounds']

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'main',
          include: ['test/**/*.test.ts'],
          exclude: ['test/spider/**'],
          globalSetup: ['test/kit/mariadb-global-setup.ts'],
        },
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
