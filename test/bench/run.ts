/**
 * npm run bench                         all rows, SQLite engine first, then DynamoDB's
 * npm run bench -- --only holding       one part: sync, quiet, wake, sendmail, attachment, incremental, holding, storm,
 *                                       fleet, search, restart
 * npm run bench -- --engine sqlite      one engine: sqlite, dynamodb
 * npm run bench -- --scale 0.1          smaller, for a quick look
 */
import { cpus, release, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import type { EmbeddedInput } from '../../lib/embedded/options.ts';
import { dynamoServer, missing } from '../support/servers/dynamodb.ts';
import { type Figure, met, printTable } from './figures.ts';
import { fleet } from './fleet.ts';
import { incremental } from './incremental.ts';
import { attachmentMemory, sendToPing } from './mail.ts';
import { commitToPing, firstSync, holding, quietSync, type Sizes, storm, withBench } from './push.ts';
import { restart } from './restart.ts';
import { searching, searchingTables } from './search.ts';

const { values } = parseArgs({
  options: { only: { type: 'string' }, engine: { type: 'string' }, scale: { type: 'string', default: '1' } },
});
const scale = Number(values.scale);
if (!(scale > 0 && scale <= 1)) throw new RangeError('--scale is above 0 and at most 1');

function sizesAt(share: number): Sizes {
  const of = (count: number) => Math.max(1, Math.round(count * share * scale));
  return {
    held: of(15_000),
    deliveries: of(1000),
    sends: of(500),
    storm: of(10_000),
    messages: 500,
    devices: of(40),
    idleS: 20,
  };
}

const wanted = (part: string) => values.only === undefined || values.only === part;

async function measure(input: EmbeddedInput, sizes: Sizes): Promise<Figure[]> {
  const rows: Figure[] = [];
  const add = (figures: Figure[]) => {
    rows.push(...figures);
    for (const { name, value, unit } of figures) console.error(`  ${name}: ${value.toPrecision(3)} ${unit}`);
  };
  if (wanted('sync')) await withBench(input, 1, async (bench) => add(await firstSync(bench, sizes)));
  if (wanted('quiet')) await withBench(input, sizes.devices, async (bench) => add(await quietSync(bench, sizes)));
  if (wanted('wake')) {
    await withBench(input, sizes.deliveries, async (bench) => add(await commitToPing(bench, sizes)));
  }
  if (wanted('sendmail')) {
    await withBench(input, 2 * sizes.sends, async (bench) => add(await sendToPing(bench, sizes.sends)));
  }
  if (wanted('attachment')) await withBench(input, 1, async (bench) => add(await attachmentMemory(bench)));
  if (wanted('holding') || wanted('storm')) {
    await withBench(input, sizes.held, async (bench) => {
      add(await holding(bench, sizes));
      if (wanted('storm')) add(await storm(bench, sizes));
    });
  }
  return rows;
}

const [cpu] = cpus();
const memory = Math.round(totalmem() / 1024 ** 3);
console.log(`${cpu?.model.trim()}, ${cpus().length} cores, ${memory} GB, Linux ${release()}, Node ${process.version}`);

let misses = 0;
if (values.engine !== 'dynamodb') {
  const rows = await measure({}, sizesAt(1));
  if (wanted('incremental')) {
    rows.push(...(await incremental(Math.round(1000 * scale) || 1, Math.round(100_000 * scale))));
  }
  if (wanted('fleet')) rows.push(...(await fleet(sizesAt(1).held)));
  if (wanted('restart')) rows.push(...(await restart(Math.round(1000 * scale) || 1)));
  if (wanted('search')) {
    const messages = Math.round(100_000 * scale);
    rows.push(...(await searching(messages)), ...(await searchingTables(Math.round(messages / 5))));
  }
  printTable('SQLite engine (WAL, full sync)', rows);
  misses = rows.filter((figure) => met(figure) === false).length;
}
if (values.engine !== 'sqlite' && !['fleet', 'search', 'incremental', 'restart'].includes(values.only ?? '')) {
  const why = missing('dynoxide');
  if (why) {
    console.log(`\nDynamoDB engine: not measured, ${why}`);
  } else {
    // It ends with this process.
    const server = await dynamoServer('dynoxide');
    process.env.AWS_ACCESS_KEY_ID = 'bench';
    process.env.AWS_SECRET_ACCESS_KEY = 'bench';
    // A tenth: setting up thousands of accounts on the test server takes longer than what is measured.
    const rows = await measure({ store: 'dynamodb', endpoint: server.endpoint }, sizesAt(0.1));
    printTable(
      'DynamoDB engine on a local test server (no targets)',
      rows.map(({ name, value, unit }) => ({ name, value, unit })),
    );
  }
}
if (misses > 0) process.exitCode = 1;
