/** All end-to-end tests over DynamoDB and both lanes (`test/e2e/mode.ts`); `npm test` runs some of them so. */
import { defineConfig } from 'vitest/config';
import config from './vitest.config.ts';

/** The command line is given a data folder and opens the files in it; that of a stack has tables of its own. */
const OF_FILES = ['command-line', 'command-line-access', 'command-line-people', 'command-line-stack'];

const { projects: _, ...test } = config.test ?? {};

export default defineConfig({
  test: {
    ...test,
    include: ['test/e2e/*.test.ts'],
    exclude: OF_FILES.map((name) => `test/e2e/${name}.test.ts`),
    env: { E2E: 'cloud' },
  },
});
