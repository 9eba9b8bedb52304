/** All end-to-end tests over DynamoDB and both lanes (`test/e2e/mode.ts`); `npm test` runs some of them so. */
import { defineConfig } from 'vitest/config';
import config from './vitest.config.ts';

const LEFT_OUT = [
  // The command line is given a data folder and opens the files in it; that of a stack has tables of its own.
  ...['command-line', 'command-line-access', 'command-line-people', 'command-line-stack'],
  // It tells what is held from what is late by twentieths of a second; it visits both lanes in test/cloud.
  'doctor',
];

const { projects: _, ...test } = config.test ?? {};

export default defineConfig({
  test: {
    ...test,
    include: ['test/e2e/*.test.ts'],
    exclude: LEFT_OUT.map((name) => `test/e2e/${name}.test.ts`),
    env: { E2E: 'cloud' },
  },
});
