/**
 * npm run bench:cloud                        all rows: wakes, drain, cold starts
 * npm run bench:cloud -- --only wake         one part: wake, drain, cold
 * npm run bench:cloud -- --scale 0.1         smaller, for a quick look
 *
 * The bundles run in processes of their own, the services between them are the emulated ones of `test/cloud`, the phones
 * are here. Tables: DynamoDB Local where there is one, because its stream is Amazon's own, else dynoxide.
 */
import { cpus, release, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { missing } from '../support/servers/dynamodb.ts';
import { coldStarts } from './cloud/cold.ts';
import { drains } from './cloud/drain.ts';
import { wakes } from './cloud/wake.ts';
import { type Figure, met, printTable } from './figures.ts';

const { values } = parseArgs({
  options: { only: { type: 'string' }, scale: { type: 'string', default: '1' } },
});
const scale = Number(values.scale);
if (!(scale > 0 && scale <= 1)) throw new RangeError('--scale is above 0 and at most 1');
const of = (count: number) => Math.max(1, Math.round(count * scale));
const wanted = (part: string) => values.only === undefined || values.only === part;

const [cpu] = cpus();
const memory = Math.round(totalmem() / 1024 ** 3);
console.log(`${cpu?.model.trim()}, ${cpus().length} cores, ${memory} GB, Linux ${release()}, Node ${process.version}`);

const all: Figure[] = [];
const show = (title: string, figures: readonly Figure[]) => {
  all.push(...figures);
  printTable(title, figures);
};

if (wanted('wake')) {
  const why = missing('dynamodb-local');
  if (why) console.error(`without DynamoDB Local: ${why}`);
  const dynamo = why ? 'dynoxide' : 'dynamodb-local';
  for (const transport of ['websocket', 'direct'] as const) {
    show(`Wakes, transport ${transport}, ${dynamo}`, await wakes({ transport, dynamo, samples: of(200) }));
  }
}
if (wanted('drain'))
  show('A task is deployed anew', await drains({ mailboxes: of(50), devices: 100, drainSeconds: 90 }));
if (wanted('cold')) show('Cold starts', await coldStarts(of(10)));

// Servers that tests share end with this process.
process.exit(all.some((figure) => met(figure) === false) ? 1 : 0);
