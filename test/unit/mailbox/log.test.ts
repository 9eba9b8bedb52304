import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contiguous } from '../../../lib/mailbox/log.ts';
import { TableMailboxes } from '../../../lib/mailbox/mailboxes.ts';
import { logWrites } from '../../../lib/mailbox/rows.ts';
import type { ItemId } from '../../../lib/ops/ids.ts';
import type { Key, Row } from '../../../lib/store/ports.ts';
import { keys, LOG_TTL_S } from '../../../lib/store/schema.ts';
import { ALICE, email, INBOX, idOf, openTestMailbox, type TestMailbox } from '../../support/mailboxes.ts';

const START = { seq: 0, n: 0 };

/** The rows of a log whose changes have these many rows each. */
function logRows(sizes: readonly number[]): Row[] {
  let prevTail = 0;
  return sizes.flatMap((size, change) => {
    const entries = Array.from({ length: size }, (_, n) => ({
      item: `i${change}-${n}` as ItemId,
      kind: 'add' as const,
    }));
    const writes = logWrites(ALICE, INBOX, { tx: 't', at: 0, seq: change + 1, prev: change, prevTail }, entries);
    prevTail = size - 1;
    return writes.map((write) => (write as { row: Row }).row);
  });
}

describe('rows of a log as a query finds them', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 8 });

  test('are told as far as none is missing, wherever reading begins', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.array(fc.boolean()), (lengths, start, missing) => {
        const all = logRows(lengths);
        const marks = [START, ...contiguous(all, START)];
        expect(marks).toHaveLength(all.length + 1);
        const from = start % marks.length;
        const rest = all.slice(from);
        const found = rest.filter((_, place) => !missing[place]);
        const gap = rest.findIndex((_, place) => missing[place]);
        const told = contiguous(found, marks[from]!);
        expect(told).toHaveLength(gap < 0 ? rest.length : gap);
      }),
    );
  });

  test('follow a watermark that stands beyond all rows of its sequence', () => {
    const all = logRows([2, 3]);
    expect(contiguous(all.slice(2), { seq: 1, n: 9999 })).toHaveLength(3);
  });

  test('do not follow a watermark within a sequence whose rest is missing', () => {
    const all = logRows([3, 1]);
    expect(contiguous(all.slice(3), { seq: 1, n: 1 })).toHaveLength(0);
    expect(contiguous(all.slice(3), { seq: 1, n: 2 })).toHaveLength(1);
  });
});

async function filled(changes: number): Promise<TestMailbox> {
  const test = await openTestMailbox();
  for (let n = 0; n < changes; n++) await test.mailbox.append(INBOX, [email(`m${n}`)]);
  return test;
}

const drop = ({ store }: TestMailbox, key: Key) => store.table.transact([{ op: 'delete', key }]);

describe('a change log', () => {
  test('is told in pages that end where the next begins', async () => {
    const { mailbox } = await openTestMailbox();
    await mailbox.append(INBOX, [email('a'), email('b'), email('c')]);
    await mailbox.append(INBOX, [email('d')]);
    const first = await mailbox.log(INBOX, START, 2);
    expect(first).toMatchObject({ upTo: { seq: 1, n: 1 }, more: true, gone: false });
    const second = await mailbox.log(INBOX, first.upTo, 2);
    expect(second).toMatchObject({ upTo: { seq: 2, n: 0 }, gone: false });
    expect([...first.rows, ...second.rows].map(({ item }) => item)).toEqual(['a', 'b', 'c', 'd'].map((k) => idOf(k)));
    const end = await mailbox.log(INBOX, second.upTo, 2);
    expect(end).toEqual({ rows: [], upTo: second.upTo, more: false, gone: false });
  });

  test('of a folder in which nothing happened is empty', async () => {
    const { mailbox } = await openTestMailbox();
    expect(await mailbox.log(INBOX, START, 5)).toEqual({ rows: [], upTo: START, more: false, gone: false });
  });

  test('is gone for a watermark past its head, as after a restore', async () => {
    const { mailbox } = await filled(2);
    expect((await mailbox.log(INBOX, { seq: 3, n: 0 }, 5)).gone).toBe(true);
    expect((await mailbox.log(INBOX, { seq: 2, n: 0 }, 5)).gone).toBe(false);
  });

  test('is told up to a row that is missing, and is gone from there', async () => {
    const box = await filled(4);
    await drop(box, keys.log(ALICE, INBOX, 3, 0));
    const told = await box.mailbox.log(INBOX, START, 10);
    expect(told).toMatchObject({ upTo: { seq: 2, n: 0 }, more: true, gone: false });
    expect(await box.mailbox.log(INBOX, told.upTo, 10)).toMatchObject({ rows: [], upTo: told.upTo, gone: true });
  });

  test('is gone when its last rows are', async () => {
    const box = await filled(2);
    await drop(box, keys.log(ALICE, INBOX, 2, 0));
    expect((await box.mailbox.log(INBOX, { seq: 1, n: 0 }, 10)).gone).toBe(true);
  });

  test('is gone for whoever is behind its retention by the time of its rows, though none has been deleted', async () => {
    const box = await filled(1);
    await box.clock.advance(LOG_TTL_S * 1000);
    expect((await box.mailbox.log(INBOX, START, 5)).gone).toBe(false);
    await box.clock.advance(1);
    expect((await box.mailbox.log(INBOX, START, 5)).gone).toBe(true);
  });

  test('is not gone for a watermark at its head, however old', async () => {
    const box = await filled(1);
    await box.clock.advance(2 * LOG_TTL_S * 1000);
    await drop(box, keys.log(ALICE, INBOX, 1, 0));
    expect(await box.mailbox.log(INBOX, { seq: 1, n: 0 }, 5)).toMatchObject({ gone: false, more: false });
    await box.mailbox.append(INBOX, [email('late')]);
    expect((await box.mailbox.log(INBOX, { seq: 1, n: 0 }, 5)).rows).toHaveLength(1);
  });

  test('waits between looks for rows that are late', async () => {
    const box = await filled(1);
    await drop(box, keys.log(ALICE, INBOX, 1, 0));
    const looks: number[] = [];
    const pause = async (look: number) => {
      looks.push(look);
    };
    const services = { table: box.store.table, blobs: box.store.blobs, clock: box.clock, pause };
    await new TableMailboxes(services).open(ALICE).log(INBOX, START, 5);
    expect(looks).toEqual([1, 2, 3, 4, 5]);
  });

  test.each([0, Number.NaN, -1])('is not read in pages of %d rows', async (limit) => {
    const { mailbox } = await openTestMailbox();
    await expect(mailbox.log(INBOX, START, limit)).rejects.toThrow(RangeError);
  });
});

describe('items behind log rows', () => {
  test('are told as they are now; one deleted since is missing', async () => {
    const { mailbox } = await filled(3);
    await mailbox.remove(INBOX, [idOf('m1')]);
    const { rows } = await mailbox.log(INBOX, START, 10);
    const told = await mailbox.itemsFor(INBOX, rows.slice(0, 3));
    expect(told.complete).toBe(true);
    expect(told.rows).toHaveLength(3);
    expect([...told.items.keys()]).toEqual([idOf('m0'), idOf('m2')]);
  });

  test('end the answer where one is older than its row, or is not to be seen at all', async () => {
    const box = await filled(3);
    const { rows } = await box.mailbox.log(INBOX, START, 10);
    const key = keys.item(ALICE, INBOX, idOf('m1'));
    await box.store.table.transact([{ op: 'update', key, set: { seq: 1 } }]);
    expect(await box.mailbox.itemsFor(INBOX, rows)).toMatchObject({ rows: [{ item: idOf('m0') }], complete: false });
    await drop(box, key);
    expect(await box.mailbox.itemsFor(INBOX, rows)).toMatchObject({ rows: [{ item: idOf('m0') }], complete: false });
    expect(await box.mailbox.itemsFor(INBOX, rows.slice(1))).toMatchObject({ rows: [], complete: false });
  });

  test('do not stop their folder for ever when one was lost', async () => {
    const box = await filled(2);
    const { rows } = await box.mailbox.log(INBOX, START, 10);
    await drop(box, keys.item(ALICE, INBOX, idOf('m0')));
    await box.clock.advance(3_600_001);
    const told = await box.mailbox.itemsFor(INBOX, rows);
    expect([told.rows.length, told.complete, [...told.items.keys()]]).toEqual([2, true, [idOf('m1')]]);
  });
});
