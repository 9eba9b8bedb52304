/** Another process that shares a data folder: `node store-child.ts DIR COMMAND`. One JSON line per thing that it tells. */
import { once } from 'node:events';
import { systemClock } from '../../lib/ops/clock.ts';
import { silentLog } from '../../lib/ops/log.ts';
import { openSqliteStore } from '../../lib/store/sqlite/open.ts';

const [dir, command, count = '1'] = process.argv.slice(2);
if (!dir) throw new Error('which folder?');
// The look of every hour shows that what arrives was rung for.
const store = await openSqliteStore({
  dir,
  clock: systemClock,
  log: silentLog,
  lookMs: 3_600_000,
  busyTimeoutMs: 5000,
});
const tell = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);

switch (command) {
  /** Commits `count` heads and ends. */
  case 'write':
    for (let seq = 1; seq <= Number(count); seq++) {
      await store.table.transact([{ op: 'put', table: 'mailboxes', row: { pk: 'U#child', sk: 'F#1', seq } }]);
    }
    break;
  /** Counts one row up `count` times, against others who do. */
  case 'count':
    for (let n = 0; n < Number(count); n++) {
      await store.table.transact([
        { op: 'update', key: { table: 'devices', pk: 'shared', sk: 'count' }, add: { n: 1 } },
      ]);
    }
    break;
  /** Tells what the feed tells, until its standard input ends. */
  case 'follow':
    store.feed.subscribe((records) => {
      for (const { pk, sk, row } of records) tell({ pk, sk, seq: row?.seq });
    });
    tell('ready');
    process.stdin.resume();
    await once(process.stdin, 'end');
    break;
}
await store.close();
