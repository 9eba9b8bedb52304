/** Mutation testing; `npm run mutation` (tools/mutation.ts) runs it group by group. See docs/testing.md. */
const group = process.env.MUTATION_GROUP ?? 'all';

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: ['lib/{wbxml,sync,protocol,commands}/**/*.ts'],
  ignorePatterns: [
    'dist',
    'data',
    'cdk.out',
    'coverage',
    'reports',
    'docs',
    'functions',
    'test/{bench,cloud,package,infra}',
    '*.tgz',
  ],
  plugins: ['@stryker-mutator/vitest-runner', './tools/mutation-ignore.mjs'],
  ignorers: ['words'],
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.mutation.config.ts', related: false },
  coverageAnalysis: 'perTest',
  // What runs once, while a module is loaded (tables, schemas), would need every test for each mutant.
  ignoreStatic: true,
  incremental: true,
  incrementalFile: `reports/mutation/${group}.incremental.json`,
  reporters: ['html', 'json', 'clear-text', 'progress-append-only'],
  htmlReporter: { fileName: `reports/mutation/${group}.html` },
  jsonReporter: { fileName: `reports/mutation/${group}.json` },
  clearTextReporter: { allowColor: false, allowEmojis: false, logTests: false, reportTests: false },
  concurrency: 2,
  timeoutMS: 5000,
  dryRunTimeoutMinutes: 20,
  tempDirName: '.stryker-tmp',
  // Stryker would rewrite it by an API that TypeScript 7 no longer has; nothing here needs that, so no file has this name.
  tsconfigFile: 'tsconfig.none.json',
};
