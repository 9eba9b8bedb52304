import { defineConfig } from 'vitest/config';

const ci = process.env.CI === 'true';

/** End-to-end tests that run a second time, over DynamoDB and both lanes (`test/e2e/mode.ts`). */
const BOTH_LANES = ['main-job', 'processes', 'provision', 'folders', 'sync', 'move-items', 'find', 'settings'].map(
  (name) => `test/e2e/${name}.test.ts`,
);

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'all', include: ['test/**/*.test.ts'] } },
      { extends: true, test: { name: 'cloud', include: BOTH_LANES, env: { E2E: 'cloud' } } },
    ],
    exclude: ['test/bench/**', 'test/emulator/**', 'node_modules/**'],
    setupFiles: ['test/support/setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // Far above what anything takes: they end what hangs, they measure nothing.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // A test that needs a second try is listed as flaky in the report.
    retry: ci ? 1 : 0,
    reporters: ['default'],
  },
});
