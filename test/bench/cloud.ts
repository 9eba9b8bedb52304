/**
 * npm run bench:cloud                        all rows: wakes, drain, cold starts; about six minutes
 * npm run bench:cloud -- --only wake         one part: wake, drain, cold
 * npm run bench:cloud -- --scale 0.1         smaller, for a quick look
 *
 * The bundles run in processes of their own, the services between them are the emulated ones of `test/cloud`, the phones
 * are here. Tables: DynamoDB Local where there is one, because its stream is Amazon's own, else dynoxide. What is being
 * done goes to standard error, the tables to standard output; a part that fails says so, and the others are measured.
 */
import { cpus, release, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { missing } from '../support/servers/dynamodb.ts';
import { coldStarts } from './cloud/cold.ts';
import { drains } from './cloud/drain.ts';
import { say } from './cloud/say.ts';
import { wakes } from './cloud/wake.ts';
import { type Figure, met, printTable } from './figures.ts';

const { values } = parseArgs({
  options: { only: { type: 'string' }, scale: { type: 'string', default: '1' } },
});
const scale = Number(values.scale);
if (!(scale > 0 && scale <= 1)) throw new RangeError('--scale is above 0 and at most 1');
const of = (count: number) => Math.max(1, Math.round(count * scale));

const [cpu] = cpus();
const memory = Math.round(totalmem() / 1024 ** 3);
console.log(`${cpu?.model.trim()}, ${cpus().length} cores, ${memory} GB, Linux ${release()}, Node ${process.version}`);

let good = true;
async function part(name: string, title: string, measure: () => Promise<readonly Figure[]>): Promise<void> {
  if (values.only !== undefined && values.only !== name) return;
  say(title);
  try {
    const figures = await measure();
    printTable(title, figures);
    good &&= figures.every((figure) => met(figure) !== false);
  } catch (error) {
    good = false;
    console.error(`${title}: not measured`, error);
  }
}

const why = missing('dynamodb-local');
if (why) console.error(`without DynamoDB Local: ${why}`);
const dynamo = why ? 'dynoxide' : 'dynamodb-local';
for (const transport of ['websocket', 'direct'] as const) {
  await part('wake', `Wakes, transport ${transport}, ${dynamo}`, () => wakes({ transport, dynamo, samples: of(150) }));
}
await part('drain', 'A task is deployed anew', () => drains({ mailboxes: of(50), devices: 100, drainSeconds: 90 }));
await part('cold', 'Cold starts', () => coldStarts(of(7)));
say('done');

// Servers that tests share end with this process.
process.exit(good ? 0 : 1);
