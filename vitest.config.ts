import { defineConfig } from 'vitest/config';

const ci = process.env.CI === 'true';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
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
