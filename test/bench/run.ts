/**
 * npm run bench                    all rows on the SQLite engine
 * npm run bench -- --only holding  one part: sync, wake, holding, storm, fleet
 * npm run bench -- --scale 0.1     smaller, for a quick look
 */
import { cpus, release, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { type Figure, met, printTable } from './figures.ts';
import { fleet } from './fleet.ts';
import { commitToPing, firstSync, holding, type Sizes, storm, withBench } from './push.ts';

const { values } = parseArgs({
  options: { only: { type: 'string' }, scale: { type: 'string', default: '1' } },
});
const scale = Number(values.scale);
if (!(scale > 0 && scale <= 1)) throw new RangeError('--scale is above 0 and at most 1');
const of = (count: number) => Math.max(1, Math.round(count * scale));
const sizes: Sizes = {
  held: of(15_000),
  deliveries: of(1000),
  storm: of(10_000),
  messages: 500,
  devices: of(40),
  idleS: 20,
};

console.log(
  `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 1024 ** 3)} GB, Linux ${release()}, Node ${process.version}`,
);
const wanted = (part: string) => values.only === undefined || values.only === part;
const rows: Figure[] = [];
const add = (figures: Figure[]) => {
  rows.push(...figures);
  printTable('so far', figures);
};

if (wanted('sync')) await withBench({}, 1, async (bench) => add(await firstSync(bench, sizes)));
if (wanted('wake')) {
  await withBench({}, sizes.deliveries, async (bench) => {
    await bench.load.tell({
      do: 'hold',
      phones: Array.from({ length: sizes.deliveries }, (_, at) => at),
      heartbeat: 3540,
    });
    await new Promise((resolve) => setTimeout(resolve, 2000));
    add(await commitToPing(bench, sizes));
  });
}
if (wanted('holding') || wanted('storm')) {
  await withBench({}, sizes.held, async (bench) => {
    add(await holding(bench, sizes));
    if (wanted('storm')) add(await storm(bench, sizes));
  });
}
if (wanted('fleet')) add(await fleet(sizes.held));
printTable('SQLite engine (WAL, full sync)', rows);
if (rows.some((figure) => met(figure) === false)) process.exitCode = 1;
