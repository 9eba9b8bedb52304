import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The tests that answer for each folder under mutation, those that find most first. A mutant that survives runs every
 * test that reaches it, so a folder is judged by the tests that are about it, and not by all that pass through it.
 */
const TESTS: Readonly<Record<string, readonly string[]>> = {
  wbxml: ['test/unit/wbxml/'],
  protocol: ['test/unit/protocol/'],
  commands: ['test/unit/commands/'],
  sync: ['test/unit/sync/', 'test/unit/commands/', 'test/simulation/'],
};

const folders = process.env.MUTATION_FOLDER ? [process.env.MUTATION_FOLDER] : Object.keys(TESTS);
const tests = [...new Set(folders.flatMap((folder) => TESTS[folder] ?? []))];
const place = ({ moduleId }: TestSpecification) => tests.findIndex((path) => moduleId.includes(`/${path}`));

/** The same order for every mutant, since the first failure ends its run. */
class NearestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => place(a) - place(b) || (a.moduleId < b.moduleId ? -1 : 1));
  }
}

export default defineConfig({
  test: {
    include: tests.map((path) => (path.endsWith('/') ? `${path}**/*.test.ts` : path)),
    // Slow, and what they show of these folders is shown by their own tests, too.
    exclude: ['test/unit/wbxml/agreement.test.ts', 'test/simulation/push-*.test.ts'],
    setupFiles: ['test/support/mutation-setup.ts'],
    sequence: { sequencer: NearestFirst },
    // One thread for all files of a mutant: to start one for each took longer than the tests.
    pool: 'threads',
    isolate: false,
    testTimeout: 20_000,
    env: { SIMULATION_RUNS: process.env.SIMULATION_RUNS ?? '5' },
  },
});
