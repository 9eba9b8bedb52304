/**
 * `npm run mutation`: Stryker over each group with the tests that answer for it, one after the other, then the scores of
 * the folders. Arguments go to Stryker; `--mutate 'lib/wbxml/**'` keeps to some files. See docs/testing.md.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { constants, setPriority, tmpdir } from 'node:os';
import path from 'node:path';
import { GROUPS } from './mutation-groups.ts';

/** Percent of the mutants that must be killed, in each folder. */
const TARGET = 80;

interface Report {
  readonly files: Readonly<Record<string, { readonly mutants: readonly { readonly status: string }[] }>>;
}

const reportOf = (group: string) => `reports/mutation/${group}.json`;

function groupOf(file: string): string | undefined {
  const has = ([, { files }]: (typeof entries)[number]) => files.some((pattern) => path.matchesGlob(file, pattern));
  return entries.find(has)?.[0];
}
const entries = Object.entries(GROUPS);

/** The files to mutate, by group. Takes `--mutate` out of `args`. */
function filesByGroup(args: string[]): Map<string, string[]> {
  const at = args.findIndex((each) => each === '--mutate' || each === '-m');
  const given = at < 0 ? ['lib/**/*.ts'] : args.splice(at, 2)[1]!.split(/,(?![^{]*\})/);
  const without = given.filter((each) => each.startsWith('!')).map((each) => each.slice(1));
  const files = globSync(given.filter((each) => !each.startsWith('!'))).filter(
    (file) => file.endsWith('.ts') && !without.some((pattern) => path.matchesGlob(file, pattern)),
  );
  const groups = Map.groupBy(files, groupOf);
  return new Map(Object.keys(GROUPS).flatMap((name) => (groups.has(name) ? [[name, groups.get(name)!]] : [])));
}

function run(group: string, files: readonly string[], args: readonly string[]): boolean {
  const env: NodeJS.ProcessEnv = { ...process.env, MUTATION_GROUP: group };
  // Stores of tests commit to a disk that is none, where there is one.
  if (!env.TMPDIR && existsSync('/dev/shm')) env.TMPDIR = '/dev/shm';
  // Every mutant has a thread of its own, which loads the same libraries again.
  env.NODE_COMPILE_CACHE ??= path.join(env.TMPDIR ?? tmpdir(), 'direct-push-mutation');
  const stryker = ['node_modules/@stryker-mutator/core/bin/stryker.js', 'run', '--mutate', files.join(',')];
  const { status } = spawnSync(process.execPath, [...stryker, ...args], {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return status === 0;
}

interface Score {
  readonly folder: string;
  readonly killed: number;
  readonly timeout: number;
  readonly survived: number;
  readonly uncovered: number;
  readonly percent: number;
}

function score(folder: string, mutants: readonly { readonly status: string }[]): Score {
  const count = (status: string) => mutants.filter((mutant) => mutant.status === status).length;
  const [killed, timeout, survived, uncovered] = ['Killed', 'Timeout', 'Survived', 'NoCoverage'].map(count) as [
    number,
    number,
    number,
    number,
  ];
  const all = Math.max(1, killed + timeout + survived + uncovered);
  return { folder, killed, timeout, survived, uncovered, percent: Math.round((1000 * (killed + timeout)) / all) / 10 };
}

/** Of all groups that have a report, from this run or an earlier one. */
function scores(): Score[] {
  const reports = Object.keys(GROUPS)
    .filter((group) => existsSync(reportOf(group)))
    .map((group) => JSON.parse(readFileSync(reportOf(group), 'utf8')) as Report);
  const files = reports.flatMap((report) => Object.entries(report.files)).filter(([file]) => existsSync(file));
  const folders = Map.groupBy(files, ([file]) => file.split('/')[1]!);
  const each = [...folders].map(([folder, of]) =>
    score(
      folder,
      of.flatMap(([, { mutants }]) => mutants),
    ),
  );
  return [
    ...each,
    score(
      'all',
      files.flatMap(([, { mutants }]) => mutants),
    ),
  ];
}

const args = process.argv.slice(2);
const groups = filesByGroup(args);
if (groups.size === 0) throw new Error('no file of these is mutated');
setPriority(constants.priority.PRIORITY_LOW);
const failed = [...groups].filter(([group, files]) => !run(group, files, args)).map(([group]) => group);
const table = scores();
console.table(table);
const low = table.filter(({ percent }) => percent < TARGET).map(({ folder }) => folder);
if (failed.length > 0) console.error(`Stryker failed: ${failed.join(', ')}`);
if (low.length > 0) console.error(`Below ${TARGET} %: ${low.join(', ')}`);
process.exitCode = failed.length + low.length > 0 ? 1 : 0;
