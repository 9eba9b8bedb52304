/**
 * Prints, for each document, how many of the requirements that Microsoft's suites verify are proved by a passing test,
 * and what the implemented commands still lack.
 *
 *   npm run conformance                    runs the tests first
 *   npm run conformance -- --results FILE  reads a JSON report of vitest
 *   npm run conformance -- --command Ping  lists the open ids of one command
 *   npm run conformance -- --open          lists the open ids of all documents by the reason that open.tsv gives
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { idsIn, type Requirement, readLedger, reasonsOf } from './ledger.ts';

interface VitestReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

const { values } = parseArgs({
  options: {
    results: { type: 'string' },
    command: { type: 'string' },
    open: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

function runTests(): string {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'dp-conformance-')), 'report.json');
  const run = spawnSync('vitest', ['run', '--reporter=json', `--outputFile=${file}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (run.status !== 0) console.error('Some tests failed: what they would prove counts as open.');
  return file;
}

const report = JSON.parse(readFileSync(values.results ?? runTests(), 'utf8')) as VitestReport;
const proved = new Set<string>();
for (const { assertionResults } of report.testResults) {
  for (const { fullName, status } of assertionResults) {
    if (/\[MS-AS[^\]]*…/.test(fullName)) throw new Error(`the runner has cut the ids of: ${fullName}`);
    if (status === 'passed') for (const { document, id } of idsIn(fullName)) proved.add(`${document} ${id}`);
  }
}

const ledger = readLedger();
const nameOf = ({ document, id }: Requirement) => `${document} ${id}`;
const open = ledger.filter((each) => !proved.has(nameOf(each)));
const reasons = reasonsOf(ledger);

if (values.command) {
  for (const { document, id, section } of open.filter(({ command }) => command === values.command)) {
    console.log(`${document}\t${id}\t${section}`);
  }
} else if (values.open) {
  printOpen();
} else if (values.json) {
  console.log(JSON.stringify({ proved: [...proved].sort(), open }, null, 2));
} else {
  printTable('document', ledger, (each) => each.document);
  const mail = ledger.filter(({ document, command }) => document === 'MS-ASCMD' && command !== '');
  console.log();
  printTable('command (MS-ASCMD)', mail, (each) => each.command);
  printReasons();
  console.log('\nOpen ids of one command: npm run conformance -- --command NAME; all of them: --open');
}

/** What open.tsv lacks, and what it has too much. */
function printReasons(): void {
  const unexplained = open.filter((each) => !reasons.has(nameOf(each)));
  const needless = ledger.map(nameOf).filter((name) => proved.has(name) && reasons.has(name));
  console.log(`\nOpen: ${open.length}, ${unexplained.length} of them without a reason in open.tsv`);
  if (needless.length > 0) console.log(`With a reason, and proved nevertheless: ${needless.join(', ')}`);
}

function printOpen(): void {
  const groups = Map.groupBy(open, (each) => `${each.document}: ${reasons.get(nameOf(each)) ?? 'no reason is given'}`);
  for (const [reason, all] of groups) console.log(`${reason}\n  ${all.map(({ id }) => id).join(' ')}\n`);
}

function printTable(title: string, all: typeof ledger, group: (each: (typeof ledger)[number]) => string): void {
  console.log(`${title.padEnd(22)} proved   of      %`);
  const names = [...new Set(all.map(group))].sort();
  for (const name of [...names, 'all']) {
    const mine = all.filter((each) => name === 'all' || group(each) === name);
    const done = mine.filter(({ document, id }) => proved.has(`${document} ${id}`)).length;
    const share = ((100 * done) / mine.length).toFixed(1);
    console.log(
      `${name.padEnd(22)} ${String(done).padStart(6)} ${String(mine.length).padStart(4)} ${share.padStart(6)}`,
    );
  }
}
