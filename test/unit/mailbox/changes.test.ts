import { describe, expect, test } from 'vitest';
import { NoFolder, NoItem } from '../../../lib/mailbox/types.ts';
import type { FolderId, ItemId } from '../../../lib/ops/ids.ts';
import { ConditionFailed, type Write } from '../../../lib/store/ports.ts';
import { ALICE, email, emailContent, INBOX, idOf, openTestMailbox, TRASH } from '../../support/mailboxes.ts';
import { eachStore } from '../../support/stores.ts';

const START = { seq: 0, n: 0 };
const ORIGIN = { device: 'phone' as never, syncKey: 'g.1' };
const ledger = (sk: string): Write => ({
  op: 'put',
  table: 'devices',
  row: { pk: `U#${ALICE}`, sk },
  when: { row: 'absent' },
});

eachStore((_open, kind) => {
  describe('items of a mailbox', () => {
    test('that are appended together share one sequence and are told in their order', async () => {
      const { mailbox, clock } = await openTestMailbox({ kind });
      const done = await mailbox.append(INBOX, [email('a'), email('b', { read: true })], { origin: ORIGIN });
      expect(done.map(({ changed, item }) => [changed, item.seq, item.addedSeq])).toEqual([
        [true, 1, 1],
        [true, 1, 1],
      ]);
      expect(await mailbox.folder(INBOX)).toMatchObject({ seq: 1, added: 1, tail: 1, count: 2, unread: 1 });
      const { rows, upTo, more, gone } = await mailbox.log(INBOX, START, 10);
      const row = { seq: 1, kind: 'add', prev: 0, origin: ORIGIN, at: clock.now() };
      expect(rows).toEqual([
        { ...row, n: 0, item: idOf('a') },
        { ...row, n: 1, item: idOf('b', { read: true }) },
      ]);
      expect({ upTo, more, gone }).toEqual({ upTo: { seq: 1, n: 1 }, more: false, gone: false });
    });

    test('that are there already are left alone', async () => {
      const { mailbox } = await openTestMailbox({ kind });
      await mailbox.append(INBOX, [email('a')]);
      const again = await mailbox.append(INBOX, [email('a', { subject: 'other' }), email('b'), email('b')]);
      expect(again.map(({ changed }) => changed)).toEqual([false, true, true]);
      expect(again[0]!.item.content.subject).toBe('Subject a');
      expect(await mailbox.folder(INBOX)).toMatchObject({ seq: 2, count: 2, unread: 2 });
    });

    test('are not resurrected by a repeated delivery, whether deleted or moved away', async () => {
      const { mailbox } = await openTestMailbox({ kind });
      await mailbox.append(INBOX, [email('a'), email('b')]);
      await mailbox.remove(INBOX, [idOf('a')]);
      await mailbox.move(INBOX, idOf('b'), TRASH);
      const again = await mailbox.append(INBOX, [email('a'), email('b')]);
      expect(again.map(({ changed }) => changed)).toEqual([false, false]);
      expect(await mailbox.folder(INBOX)).toMatchObject({ seq: 3, count: 0, unread: 0 });
      expect(await mailbox.items(INBOX, [idOf('a'), idOf('b')])).toEqual(new Map());
    });

    test('keep their content exactly, bytes and absent fields included', async () => {
      const { mailbox } = await openTestMailbox({ kind });
      const given = emailContent('a', { categories: ['é', ''], flag: { status: 2, dueDate: 5 }, sender: undefined });
      await mailbox.append(INBOX, [{ ...email('a'), content: given }]);
      const { sender: _absent, ...kept } = given;
      expect((await mailbox.items(INBOX, [idOf('a')])).get(idOf('a'))!.content).toStrictEqual(kept);
    });

    test('are changed from what they are, and not when that changes nothing', async () => {
      const { mailbox } = await openTestMailbox({ kind });
      await mailbox.append(INBOX, [email('a')]);
      const read = () =>
        mailbox.update(INBOX, idOf('a'), ({ content }) => ({ content: { ...content, read: true }, kind: 'flags' }));
      expect(await read()).toMatchObject({ changed: true, item: { seq: 2, addedSeq: 1, content: { read: true } } });
      expect(await read()).toMatchObject({ changed: false, item: { seq: 2 } });
      expect(await mailbox.folder(INBOX)).toMatchObject({ seq: 2, added: 1, count: 1, unread: 0 });
      expect((await mailbox.log(INBOX, { seq: 1, n: 0 }, 5)).rows).toMatchObject([{ seq: 2, kind: 'flags', prev: 1 }]);
    });

    test('that are removed are counted once; the answer names those that this call removed', async () => {
      const { mailbox } = await openTestMailbox({ kind });
      await mailbox.append(INBOX, [email('a'), email('b', { read: true })]);
      const gone = await mailbox.remove(INBOX, [idOf('a'), idOf('a'), idOf('never')]);
      expect(gone).toEqual([idOf('a')]);
      expect(await mailbox.remove(INBOX, [idOf('a')])).toEqual([]);
      expect(await mailbox.folder(INBOX)).toMatchObject({ seq: 2, count: 1, unread: 0 });
      expect((await mailbox.log(INBOX, { seq: 1, n: 1 }, 5)).rows).toMatchObject([{ kind: 'delete', item: idOf('a') }]);
    });

    test('that are moved get a fresh id with the same time, in both logs, and are found by their old one', async () => {
      const { mailbox } = await openTestMailbox({ kind });
      await mailbox.append(INBOX, [email('a')]);
      const moved = await mailbox.move(INBOX, idOf('a'), TRASH, { origin: ORIGIN });
      expect(moved.id).not.toBe(idOf('a'));
      expect(moved.id.slice(0, 10)).toBe(idOf('a').slice(0, 10));
      expect(moved.content).toEqual(email('a').content);
      expect(await mailbox.moved(INBOX, idOf('a'))).toEqual({ folder: TRASH, item: moved.id, origin: ORIGIN });
      expect((await mailbox.log(INBOX, { seq: 1, n: 0 }, 5)).rows).toMatchObject([{ kind: 'delete', origin: ORIGIN }]);
      expect((await mailbox.log(TRASH, START, 5)).rows).toMatchObject([
        { kind: 'add', item: moved.id, origin: ORIGIN },
      ]);
      expect(await mailbox.folder(INBOX)).toMatchObject({ seq: 2, count: 0, unread: 0, added: 1 });
      expect(await mailbox.folder(TRASH)).toMatchObject({ seq: 1, count: 1, unread: 1, added: 1 });
    });

    test('are not moved to where they are', async () => {
      const { mailbox } = await openTestMailbox({ kind });
      await mailbox.append(INBOX, [email('a')]);
      expect((await mailbox.move(INBOX, idOf('a'), INBOX)).id).toBe(idOf('a'));
      expect(await mailbox.folder(INBOX)).toMatchObject({ seq: 1 });
    });

    test('that are not there, or folders that are not, are told by name', async () => {
      const { mailbox } = await openTestMailbox({ kind });
      const none = 'none' as FolderId;
      const item = idOf('never');
      await expect(mailbox.append(none, [email('a')])).rejects.toThrow(NoFolder);
      await expect(mailbox.log(none, START, 1)).rejects.toThrow(NoFolder);
      await expect(mailbox.update(INBOX, item, () => undefined)).rejects.toThrow(NoItem);
      await expect(mailbox.move(INBOX, item, TRASH)).rejects.toThrow(NoItem);
      await mailbox.append(INBOX, [email('a')]);
      await expect(mailbox.move(INBOX, idOf('a'), none)).rejects.toThrow(NoFolder);
      await mailbox.remove(INBOX, [idOf('a')]);
      await expect(mailbox.update(INBOX, idOf('a'), () => undefined)).rejects.toThrow(NoItem);
      expect(await mailbox.moved(INBOX, idOf('a'))).toBeUndefined();
    });

    test('are taken 45 at a time', async () => {
      const { mailbox } = await openTestMailbox({ kind });
      const all = Array.from({ length: 46 }, (_, n) => email(`m${n}`));
      const ledgers = Array.from({ length: 8 }, (_, n) => ledger(`R#${n}`));
      await expect(mailbox.append(INBOX, all)).rejects.toThrow(RangeError);
      await mailbox.append(INBOX, all.slice(0, 45), { with: ledgers });
      const ids = all.slice(0, 45).map(({ id }) => id);
      const more = Array.from({ length: 8 }, (_, n) => ledger(`R#x${n}`));
      expect(await mailbox.remove(INBOX, ids, { with: more })).toHaveLength(45);
      expect(await mailbox.folder(INBOX)).toMatchObject({ seq: 2, count: 0, unread: 0, tail: 44 });
    });
  });
});

describe('rows that the caller adds', () => {
  test('commit with the change, or not at all', async () => {
    const { mailbox, store } = await openTestMailbox();
    await mailbox.append(INBOX, [email('a')], { with: [ledger('R#1')] });
    expect(await store.table.get({ table: 'devices', pk: `U#${ALICE}`, sk: 'R#1' })).toBeDefined();
    const failed = mailbox.append(INBOX, [email('b')], { with: [ledger('R#2'), ledger('R#1')] });
    await expect(failed).rejects.toSatisfy((e) => e instanceof ConditionFailed && e.indexes.join() === '1');
    expect(await mailbox.folder(INBOX)).toMatchObject({ seq: 1, count: 1 });
    expect(await store.table.get({ table: 'devices', pk: `U#${ALICE}`, sk: 'R#2' })).toBeUndefined();
  });

  test.each([
    ['append', (m: Box) => m.append(INBOX, [email('a')], { with: [ledger('R#2')] })],
    ['update', (m: Box) => m.update(INBOX, idOf('a'), () => undefined, { with: [ledger('R#2')] })],
    ['remove', (m: Box) => m.remove(INBOX, [idOf('x')], { with: [ledger('R#2')] })],
  ])('commit alone where %s finds nothing to change', async (_what, act) => {
    const { mailbox, store } = await openTestMailbox();
    await mailbox.append(INBOX, [email('a')]);
    await act(mailbox);
    expect(await mailbox.folder(INBOX)).toMatchObject({ seq: 1 });
    expect(await store.table.get({ table: 'devices', pk: `U#${ALICE}`, sk: 'R#2' })).toBeDefined();
  });
});
type Box = Awaited<ReturnType<typeof openTestMailbox>>['mailbox'];

describe('pages of a folder', () => {
  const at = (day: number) => Date.UTC(2026, 0, day);
  const filled = async () => {
    const { mailbox } = await openTestMailbox();
    const mails = Array.from({ length: 10 }, (_, day) => email(`d${day}`, { received: at(day + 1) }));
    await mailbox.append(INBOX, mails);
    return { mailbox, ids: mails.map(({ id }) => id).reverse() };
  };

  test('go from the newest down, without the one that they begin below', async () => {
    const { mailbox, ids } = await filled();
    const first = await mailbox.page(INBOX, { limit: 4 });
    expect(first.map(({ id }) => id)).toEqual(ids.slice(0, 4));
    const rest = await mailbox.page(INBOX, { below: first[3]!.id, limit: 100 });
    expect(rest.map(({ id }) => id)).toEqual(ids.slice(4));
  });

  test('end with the oldest that is asked for, itself included', async () => {
    const { mailbox, ids } = await filled();
    const page = await mailbox.page(INBOX, { from: ids[2]!, limit: 100 });
    expect(page.map(({ id }) => id)).toEqual(ids.slice(0, 3));
  });

  test('pass over any number of deleted items', async () => {
    const { mailbox } = await openTestMailbox();
    const ids: ItemId[] = [];
    for (let batch = 0; batch < 4; batch++) {
      const mails = Array.from({ length: 40 }, (_, n) => email(`${batch}-${n}`, { received: at(20) - batch }));
      await mailbox.append(INBOX, mails);
      ids.push(...mails.map(({ id }) => id));
      await mailbox.remove(INBOX, batch === 0 ? ids.slice(1) : ids.slice(batch * 40, batch * 40 + 39));
    }
    const left = [ids[0]!, ids[79]!, ids[119]!, ids[159]!];
    expect((await mailbox.page(INBOX, { limit: 4 })).map(({ id }) => id)).toEqual(left);
    expect((await mailbox.page(INBOX, { limit: 5 })).map(({ id }) => id)).toEqual(left);
    expect((await mailbox.page(INBOX, { limit: 1, below: left[0] })).map(({ id }) => id)).toEqual([left[1]]);
  });
});
