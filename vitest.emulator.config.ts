import { defineConfig } from 'vitest/config';

/** Run by `test/emulator/run.ts`, which says where the emulator is. */
export default defineConfig({
  test: {
    include: ['test/emulator/**/*.test.ts'],
    setupFiles: ['test/support/setup.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
