/**
 * `npm run mutation`: Stryker over each folder with the tests that answer for it, one after the other, then the scores.
 * Arguments go to Stryker; `--mutate 'lib/wbxml/**'` keeps to one folder, or to files of it. See docs/testing.md.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

const FOLDERS = ['wbxml', 'protocol', 'commands', 'sync'] as const;
/** Percent of the mutants that must be killed, in each folder. */
const TARGET = 80;

interface Report {
  readonly files: Readonly<Record<string, { readonly mutants: readonly { readonly status: string }[] }>>;
}

function patternsOf(args: string[]): Map<string, string[]> {
  const at = args.findIndex((each) => each === '--mutate' || each === '-m');
  if (at < 0) return new Map(FOLDERS.map((folder) => [folder, [`lib/${folder}/**/*.ts`]]));
  const [, given = ''] = args.splice(at, 2);
  const patterns = given.split(',');
  const none = patterns.filter((each) => each.startsWith('!'));
  const ofFolder = (folder: string) => patterns.filter((each) => each.startsWith(`lib/${folder}/`));
  const folders = FOLDERS.filter((folder) => ofFolder(folder).length > 0);
  return new Map(folders.map((folder) => [folder, [...ofFolder(folder), ...none]]));
}

function run(folder: string, patterns: readonly string[], args: readonly string[]): boolean {
  const env: NodeJS.ProcessEnv = { ...process.env, MUTATION_FOLDER: folder };
  // Stores of tests commit to a disk that is none, where there is one.
  if (!env.TMPDIR && existsSync('/dev/shm')) env.TMPDIR = '/dev/shm';
  const stryker = ['node_modules/@stryker-mutator/core/bin/stryker.js', 'run', '--mutate', patterns.join(',')];
  const { status } = spawnSync(process.execPath, [...stryker, ...args], { env, stdio: 'inherit' });
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

function score(folder: string, report: Report): Score {
  const all = Object.values(report.files).flatMap((file) => file.mutants);
  const count = (status: string) => all.filter((mutant) => mutant.status === status).length;
  const figures = {
    killed: count('Killed'),
    timeout: count('Timeout'),
    survived: count('Survived'),
    uncovered: count('NoCoverage'),
  };
  const { killed, timeout, survived, uncovered } = figures;
  const percent = (100 * (killed + timeout)) / Math.max(1, killed + timeout + survived + uncovered);
  return { folder, ...figures, percent: Math.round(percent * 10) / 10 };
}

const args = process.argv.slice(2);
const folders = patternsOf(args);
if (folders.size === 0) throw new Error(`--mutate takes patterns below lib/{${FOLDERS.join(',')}}/`);
setPriority(constants.priority.PRIORITY_LOW);
const failed = [...folders].filter(([folder, patterns]) => !run(folder, patterns, args)).map(([folder]) => folder);
const scores = [...folders.keys()]
  .map((folder) => ({ folder, file: `reports/mutation/${folder}.json` }))
  .filter(({ folder, file }) => !failed.includes(folder) && existsSync(file))
  .map(({ folder, file }) => score(folder, JSON.parse(readFileSync(file, 'utf8')) as Report));
console.table(scores);
const low = scores.filter(({ percent }) => percent < TARGET).map(({ folder }) => folder);
if (failed.length > 0) console.error(`Stryker failed: ${failed.join(', ')}`);
if (low.length > 0) console.error(`Below ${TARGET} %: ${low.join(', ')}`);
process.exitCode = failed.length + low.length > 0 ? 1 : 0;
