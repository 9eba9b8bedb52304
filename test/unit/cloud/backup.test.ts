import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type BackupSource, backupDeployed, copyBlobs } from '../../../lib/cloud/backup.ts';
import { restoreDeployed } from '../../../lib/cloud/restore.ts';
import type { MailboxId } from '../../../lib/ops/ids.ts';
import {
  type Blobs,
  type Row,
  StoreConflict,
  type Table,
  type TableName,
  type Write,
} from '../../../lib/store/ports.ts';
import { keys } from '../../../lib/store/schema.ts';
import { restoreRows } from '../../../lib/store/sqlite/backup.ts';
import { rowsOf } from '../../../lib/store/sqlite/backup-rows.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { MemoryTable } from '../../support/memory-table.ts';

const KIM = 'kim' as MailboxId;
const at = (key: { readonly pk: string; readonly sk: string }, more: object = {}): Row => ({
  pk: key.pk,
  sk: key.sk,
  ...more,
});
const head = (folder: string, seq: number) => at(keys.folder(KIM, folder as never), { seq });
const item = (folder: string, id: string, text = id) => at(keys.item(KIM, folder as never, id as never), { text });
const log = (folder: string, seq: number) => at(keys.log(KIM, folder as never, seq, 0), { seq });
const state = (more: object = {}) => at(keys.state(KIM), { incarnation: 'first', ...more });

async function folder(): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), 'dp-backup-'));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

function blobsOf(map: Map<string, Uint8Array>): Blobs {
  return {
    put: async (key, bytes) => void map.set(key, bytes as Uint8Array),
    get: async (key) => map.get(key),
    stream: () => {
      throw new Error('not used');
    },
    delete: async (all) => void all.forEach((key) => void map.delete(key)),
    list: async function* (prefix) {
      for (const key of [...map.keys()]) if (key.startsWith(prefix)) yield key;
    },
  };
}

/** A store with one mailbox; `between` runs before each read of heads but the first. */
async function source(
  rows: Partial<Record<TableName, readonly Row[]>>,
  between: (table: Table, round: number) => Promise<void> = async () => {},
) {
  const table = new MemoryTable();
  for (const [name, all] of Object.entries(rows)) {
    for (const row of all) await table.transact([{ op: 'put', table: name as TableName, row }]);
  }
  const map = new Map<string, Uint8Array>();
  let round = 0;
  const watched: Table = {
    get: (key) => table.get(key),
    batchGet: (all) => table.batchGet(all),
    transact: (writes) => table.transact(writes),
    query: async (query) => {
      if (query.to === 'G#' && round++ > 0) await between(table, round);
      return table.query(query);
    },
  };
  const given: BackupSource = {
    domain: {
      store: { table: watched, blobs: blobsOf(map), feed: undefined as never, close: async () => {} },
      accounts: {
        list: async function* () {
          yield { id: KIM, address: 'kim@acme.test' };
        },
      } as never,
    },
    scan: async function* (name) {
      yield rows[name] ?? [];
    },
  };
  return { given, table, blobs: map };
}

async function restored(target: string) {
  const file = path.join(await folder(), 'rows.sqlite');
  await restoreRows(target, file);
  return (name: TableName) => [...rowsOf(file, name)];
}

describe('a backup of a deployed store', () => {
  const mailbox = [state(), head('1', 1), head('10', 1), item('1', 'a'), item('10', 'b'), log('1', 1), log('10', 1)];

  it('has all rows of mailboxes, directory and devices, and nothing that is of the moment', async () => {
    const device = at(keys.device(KIM, 'd' as never), { type: 'x' });
    const volatile = [at(keys.waiter(KIM, 'd' as never, 'r')), at(keys.task('t')), at(keys.searchMarks(KIM))];
    const account = at(keys.account(KIM), { address: 'kim@acme.test' });
    const { given } = await source({ mailboxes: mailbox, devices: [device, ...volatile], directory: [account] });
    const target = await folder();
    await backupDeployed(given, target);
    const rows = await restored(target);
    expect(rows('directory')).toEqual([account]);
    expect(rows('devices')).toEqual([device]);
    expect(rows('mailboxes').map(({ sk }) => sk)).toEqual(mailbox.map(({ sk }) => sk).sort());
    expect(rows('mailboxes').find(({ sk }) => sk === 'STATE')!.incarnation).not.toBe('first');
  });

  it('has rows of a mailbox of which it knows nothing', async () => {
    const others = ['A', 'H#1', 'Z#1'].map((sk) => ({ pk: keys.state(KIM).pk, sk, value: sk }));
    const { given } = await source({ mailboxes: [...mailbox, ...others] });
    const target = await folder();
    await backupDeployed(given, target);
    const rows = (await restored(target))('mailboxes');
    expect(rows).toHaveLength(mailbox.length + 3);
    for (const row of others) expect(rows).toContainEqual(row);
  });

  it('has a folder that changed while it was read as it was after the change', async () => {
    const { given } = await source({ mailboxes: mailbox }, async (table, round) => {
      if (round !== 2) return;
      await table.transact([
        { op: 'put', table: 'mailboxes', row: head('1', 2) },
        { op: 'put', table: 'mailboxes', row: item('1', 'c') },
        { op: 'put', table: 'mailboxes', row: log('1', 2) },
        { op: 'delete', key: keys.item(KIM, '1' as never, 'a' as never) },
      ]);
    });
    const target = await folder();
    await backupDeployed(given, target);
    const all = (await restored(target))('mailboxes');
    const rows = all.filter(({ sk }) => sk !== 'STATE');
    expect(rows.map(({ sk }) => sk)).toEqual(
      [head('1', 2), head('10', 1), log('1', 1), log('1', 2), log('10', 1), item('1', 'c'), item('10', 'b')]
        .map(({ sk }) => sk)
        .sort(),
    );
    expect(rows.find(({ sk }) => sk === 'F#1')).toMatchObject({ seq: 2 });
  });

  it('forgets a folder that was deleted meanwhile, and no other whose name begins so', async () => {
    const { given } = await source({ mailboxes: mailbox }, async (table, round) => {
      if (round !== 2) return;
      await table.transact(
        [
          keys.folder(KIM, '1' as never),
          keys.item(KIM, '1' as never, 'a' as never),
          keys.log(KIM, '1' as never, 1, 0),
        ].map((key) => ({ op: 'delete', key })),
      );
    });
    const target = await folder();
    await backupDeployed(given, target);
    const rows = (await restored(target))('mailboxes');
    expect(rows.map(({ sk }) => sk)).toEqual(
      [head('10', 1), log('10', 1), item('10', 'b'), state()].map(({ sk }) => sk),
    );
  });

  it('of a mailbox that never rests is none', async () => {
    const { given } = await source({ mailboxes: mailbox }, async (table, round) => {
      await table.transact([{ op: 'put', table: 'mailboxes', row: head('1', round) }]);
    });
    const target = await folder();
    await expect(backupDeployed(given, target)).rejects.toThrow('mailbox kim changes faster');
    await expect(restoreRows(target, path.join(target, 'x'))).rejects.toThrow();
    await expect(restoreDeployed({ ...given.domain, clock: new FakeClock() }, target)).rejects.toThrow(
      'no finished backup',
    );
  });

  it('of more rows than a page has them all', async () => {
    const many = Array.from({ length: 1203 }, (_, n) => item('1', `i${String(n).padStart(5, '0')}`));
    const { given } = await source({ mailboxes: [state(), head('1', 1), ...many] });
    const target = await folder();
    await backupDeployed(given, target);
    expect((await restored(target))('mailboxes').filter(({ sk }) => sk.startsWith('M#'))).toHaveLength(1203);
  });
});

describe('a restore into a deployed store', () => {
  const many = Array.from({ length: 500 }, (_, n) => item('1', `i${String(n).padStart(5, '0')}`));
  const account = at(keys.account(KIM), { address: 'kim@acme.test' });

  /** An empty store; `before` runs before each write. */
  async function target(before: (writes: readonly Write[]) => void) {
    const table = new MemoryTable();
    const clock = new FakeClock();
    const written: string[] = [];
    const over: Table = {
      get: (key) => table.get(key),
      batchGet: (all) => table.batchGet(all),
      query: (query) => table.query(query),
      transact: async (writes) => {
        before(writes);
        for (const write of writes) if (write.op === 'put') written.push(write.row.sk);
        return table.transact(writes);
      },
    };
    const list = async function* () {
      if (await table.get(keys.account(KIM))) yield { id: KIM, address: 'kim@acme.test' };
    };
    const store = { table: over, blobs: blobsOf(new Map()), feed: undefined as never, close: async () => {} };
    const run = (from: string) => restoreDeployed({ store, accounts: { list } as never, clock }, from);
    return { table, clock, written, run };
  }

  async function backupOf(rows: readonly Row[]) {
    const { given } = await source({ mailboxes: rows, directory: [account] });
    const made = await folder();
    await backupDeployed(given, made);
    return made;
  }
  const whole = () => backupOf([state(), head('1', 1), ...many]);

  it('writes every row by itself, and forgets that it was begun', async () => {
    const sizes = new Set<number>();
    const { run, table } = await target((writes) => void sizes.add(writes.length));
    expect(await run(await whole())).toBe(1);
    expect([...sizes]).toEqual([1]);
    expect(await table.query({ table: 'mailboxes', pk: state().pk })).toHaveLength(502);
    expect(await table.get(keys.restore())).toBeUndefined();
  });

  it('waits for minutes while a partition takes no more', async () => {
    let refused = 0;
    const { run, table, clock } = await target(([write]) => {
      if (write!.op !== 'put' || write!.row.sk !== many[100]!.sk || refused === 12) return;
      refused++;
      throw new StoreConflict('throttled');
    });
    const restoring = run(await whole());
    let ended = false;
    void restoring.then(() => {
      ended = true;
    });
    while (!ended) await clock.advance(1000);
    expect(await restoring).toBe(1);
    expect(refused).toBe(12);
    expect(await table.query({ table: 'mailboxes', pk: state().pk })).toHaveLength(502);
  });

  it('goes on where it was, although accounts are there by then, and only from the same backup', async () => {
    let away = true;
    const { run, table, written } = await target(([write]) => {
      if (away && write!.op === 'delete') throw new Error('the connection is away');
    });
    const from = await whole();
    await expect(run(from)).rejects.toThrow('away');
    expect(await table.get(keys.account(KIM))).toBeDefined();
    await expect(run(await backupOf([state(), head('1', 1)]))).rejects.toThrow('another backup');
    away = false;
    // It was noted after everything but the last rows.
    await table.transact([{ op: 'update', key: keys.restore(), set: { rows: 450 } }]);
    written.length = 0;
    expect(await run(from)).toBe(1);
    expect(written.filter((sk) => sk.startsWith('M#')).length).toBe(502 - 450 - 1);
    await expect(run(from)).rejects.toThrow('there are accounts in this stack');
  });
});

describe('blobs', () => {
  it('are copied once: what the other side has is left', async () => {
    const [from, to] = [
      new Map([
        ['a', Buffer.from('1')],
        ['b', Buffer.from('2')],
      ]),
      new Map([['a', Buffer.from('1')]]),
    ];
    expect(await copyBlobs(blobsOf(from), blobsOf(to))).toEqual({ copied: 1, kept: 1 });
    expect([...to.keys()]).toEqual(['a', 'b']);
  });

  it('that are deleted meanwhile are left out', async () => {
    const from = new Map([['a', Buffer.from('1')]]);
    const going = { ...blobsOf(from), get: async () => undefined };
    expect(await copyBlobs(going, blobsOf(new Map()))).toEqual({ copied: 0, kept: 0 });
  });
});
