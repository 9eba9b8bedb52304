import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { GROUPS } from './tools/mutation-groups.ts';

const named = process.env.MUTATION_GROUP;
const groups = named ? [GROUPS[named]!] : Object.values(GROUPS);
const tests = [...new Set(groups.flatMap((group) => group.tests))];
const place = ({ moduleId }: TestSpecification) => tests.findIndex((path) => moduleId.includes(`/${path}`));

/** The same order for every mutant, since the first failure ends its run. */
class NearestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => place(a) - place(b) || (a.moduleId < b.moduleId ? -1 : 1));
  }
}

export default defineConfig({
  test: {
    include: tests.map((path) => (path.endsWith('/') ? `${path}**/*.test.ts` : `${path}*.test.ts`)),
    // Other codecs: slow, and what they show the codec's own tests show, too.
    exclude: ['test/unit/wbxml/agreement.test.ts'],
    setupFiles: ['test/support/mutation-setup.ts'],
    sequence: { sequencer: NearestFirst },
    // One thread for all files of a mutant: to start one for each took longer than the tests.
    pool: 'threads',
    isolate: false,
    testTimeout: 20_000,
    env: { SIMULATION_RUNS: process.env.SIMULATION_RUNS ?? '5' },
  },
});
