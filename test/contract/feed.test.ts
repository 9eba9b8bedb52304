import { describe, expect, it } from 'vitest';
import type { FeedRecord, Write } from '../../lib/store/ports.ts';
import { eachEngine, freshPartition } from './engines.ts';

const head = (pk: string, seq: number, sk = 'F#1'): Write => ({ op: 'put', table: 'mailboxes', row: { pk, sk, seq } });

eachEngine((store) => {
  /** Records of one partition as they come, and a way to wait for enough of them. */
  function follow(pk: string) {
    const records: FeedRecord[] = [];
    let check = () => {};
    const cancel = store().feed.subscribe((news) => {
      records.push(...news.filter((record) => record.pk === pk));
      check();
    });
    const until = (enough: () => boolean) =>
      new Promise<void>((resolve) => {
        check = () => enough() && resolve();
        check();
      });
    return { records, until, cancel };
  }

  describe('feed', () => {
    it('tells heads and STATE rows as they were committed, each row in its order', async () => {
      const pk = freshPartition();
      const { records, until, cancel } = follow(pk);
      for (let seq = 1; seq <= 20; seq++) await store().table.transact([head(pk, seq)]);
      await store().table.transact([head(pk, 1, 'STATE'), head(pk, 1, 'F#2')]);
      await until(() => records.length >= 22);
      const of = (sk: string) => records.filter((record) => record.sk === sk).map(({ row }) => row?.seq);
      expect(of('F#1')).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
      expect([of('STATE'), of('F#2')]).toEqual([[1], [1]]);
      expect(records[0]?.row).toEqual({ pk, sk: 'F#1', seq: 1 });
      cancel();
    });

    it('tells updates with the whole row, and deletions without one', async () => {
      const pk = freshPartition();
      const key = { table: 'mailboxes', pk, sk: 'F#1' } as const;
      const { records, until, cancel } = follow(pk);
      await store().table.transact([head(pk, 1)]);
      await store().table.transact([{ op: 'update', key, set: { name: 'Inbox' }, add: { seq: 1 } }]);
      await store().table.transact([{ op: 'delete', key }]);
      await until(() => records.length >= 3);
      expect(records.map(({ row }) => row)).toEqual([
        { pk, sk: 'F#1', seq: 1 },
        { pk, sk: 'F#1', seq: 2, name: 'Inbox' },
        undefined,
      ]);
      cancel();
    });

    it('tells nothing of items, logs, other tables and transactions that failed', async () => {
      const pk = freshPartition();
      const { records, until, cancel } = follow(pk);
      await store().table.transact([head(pk, 1, 'M#1#A'), head(pk, 1, 'L#1#000000000001#0000'), head(pk, 1, 'FX')]);
      await store().table.transact([{ op: 'put', table: 'devices', row: { pk, sk: 'F#1' } }]);
      await store().table.transact([{ op: 'put', table: 'directory', row: { pk, sk: 'STATE' } }]);
      await store()
        .table.transact([
          head(pk, 1),
          { op: 'check', key: { table: 'devices', pk, sk: 'no' }, when: { row: 'present' } },
        ])
        .catch(() => {});
      await store().table.transact([
        { op: 'check', key: { table: 'mailboxes', pk, sk: 'F#1' }, when: { row: 'absent' } },
      ]);
      await store().table.transact([head(pk, 7, 'F#last')]);
      await until(() => records.length >= 1);
      expect(records.map(({ sk }) => sk)).toEqual(['F#last']);
      cancel();
    });

    it('tells every subscriber until it cancels, whatever another one throws', async () => {
      const pk = freshPartition();
      const angry = store().feed.subscribe(() => {
        throw new Error('not today');
      });
      const first = follow(pk);
      const second = follow(pk);
      await store().table.transact([head(pk, 1)]);
      await Promise.all([first, second].map(({ records, until }) => until(() => records.length >= 1)));
      first.cancel();
      first.cancel();
      await store().table.transact([head(pk, 2)]);
      await second.until(() => second.records.length >= 2);
      expect(first.records).toHaveLength(1);
      second.cancel();
      angry();
    });

    it('misses nothing that is committed after subscribing, however often one subscribes', async () => {
      for (let round = 0; round < 10; round++) {
        const pk = freshPartition();
        const { records, until, cancel } = follow(pk);
        await store().table.transact([head(pk, round)]);
        await until(() => records.length >= 1);
        cancel();
      }
    });
  });
});
