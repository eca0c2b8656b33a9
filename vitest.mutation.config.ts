import { defineConfig } from 'vitest/config'

// What `npm run mutation` runs for each mutant: tests in memory, without a database.
export default defineConfig({
  test: {
    include: [
      'test/audit/**/*.test.ts',
      'test/units/**/*.test.ts',
      'test/rows/**/*.test.ts',
      'test/spool/**/*.test.ts',
      'test/scenarios/*.memory.test.ts',
      'test/verify/faults.test.ts',
    ],
    // It puts another module in the place of one that the files before it have loaded already.
    exclude: ['test/spool/no-room.alone.test.ts'],
    env: { FAULT_SEEDS: '2' },
    // One module graph for all files of a run: each mutant has a run, and with it a worker, of its own.
    pool: 'threads',
    isolate: false,
    maxWorkers: 1,
    testTimeout: 30_000,
  },
})
