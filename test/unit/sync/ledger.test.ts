import { describe, expect, test } from 'vitest';
import type { DeviceId, FolderId, ItemId, MailboxId } from '../../../lib/ops/ids.ts';
import { ConditionFailed, type Table } from '../../../lib/store/ports.ts';
import { LEDGER_TTL_S } from '../../../lib/store/schema.ts';
import { contentHash, Ledger, ledgerId } from '../../../lib/sync/ledger.ts';
import { WbxmlElement } from '../../../lib/wbxml/index.ts';
import { openTestStore } from '../../support/stores.ts';

const place = (syncKey: string) => ({
  mailbox: 'm' as MailboxId,
  device: 'd' as DeviceId,
  folder: 'f' as FolderId,
  syncKey,
});
const entry = (hash: string, item = 'x') => ({ hash, result: { status: 1, item: item as ItemId } });

describe('a ledger', () => {
  test('keeps what a command came to, by key', async () => {
    const { table } = await openTestStore();
    const ledger = new Ledger(table, place('g.1'));
    await table.transact([ledger.write('Add:1', entry('h'), undefined, 0)]);
    expect(await ledger.read(['Add:1', 'Add:2', 'Add:1'])).toEqual(new Map([['Add:1', entry('h')]]));
    expect(await new Ledger(table, place('g.2')).read(['Add:1'])).toEqual(new Map());
    expect(await ledger.read([])).toEqual(new Map());
  });

  test('takes an entry only on top of what was read', async () => {
    const { table } = await openTestStore();
    const ledger = new Ledger(table, place('g.1'));
    await table.transact([ledger.write('Add:1', entry('h'), undefined, 0)]);
    await expect(table.transact([ledger.write('Add:1', entry('i'), undefined, 0)])).rejects.toThrow(ConditionFailed);
    await expect(table.transact([ledger.write('Add:1', entry('i'), entry('z'), 0)])).rejects.toThrow(ConditionFailed);
    await table.transact([ledger.write('Add:1', entry('i', 'y'), entry('h'), 0)]);
    expect((await ledger.read(['Add:1'])).get('Add:1')).toEqual(entry('i', 'y'));
  });

  test('is read strongly, at once, and not at all for nothing', async () => {
    const asked: unknown[] = [];
    const table = {
      batchGet: async (keys: readonly unknown[], consistency: string) => {
        asked.push([keys.length, consistency]);
        return [];
      },
    } as unknown as Table;
    const ledger = new Ledger(table, place('g.1'));
    await ledger.read([]);
    expect(await ledger.read(['Add:1', 'Add:2', 'Add:1'])).toEqual(new Map());
    expect(asked).toEqual([[2, 'strong']]);
  });

  test('keeps an entry for as long as its key may come again', () => {
    const ledger = new Ledger({} as Table, place('g.1'));
    expect(ledger.write('Add:1', entry('h'), undefined, 5_000_999)).toMatchObject({
      row: { ttl: 5000 + LEDGER_TTL_S },
      when: { row: 'absent' },
    });
    expect(ledger.write('Add:1', entry('i'), entry('h'), 0)).toMatchObject({ when: { equals: { hash: 'h' } } });
  });

  test('names commands by tag and id, and no id reaches into another key', () => {
    expect(ledgerId('Add', '17')).toBe('Add:17');
    expect(ledgerId('Change', '17')).not.toBe(ledgerId('Delete', '17'));
    for (const hostile of ['a#b', '', 'x'.repeat(65), 'ä', '../1', '\u0000']) {
      expect(ledgerId('Add', hostile)).toMatch(/^Add:[0-9a-f]{64}$/);
    }
  });
});

describe('a content hash', () => {
  const element = (subject: string) =>
    WbxmlElement.of('AirSync', 'ApplicationData', [WbxmlElement.of('Email', 'Subject', subject)]);

  test('is that of the content, not of the object', () => {
    expect(contentHash('Email', element('a'))).toBe(contentHash('Email', element('a')));
  });

  type Parts = readonly (string | boolean | WbxmlElement | undefined)[];
  const differences: [what: string, one: Parts, other: Parts][] = [
    ['text', [element('a')], [element('b')]],
    ['what is absent', ['Email', element('a')], [undefined, element('a')]],
    ['a flag', [true], [undefined]],
    ['where text ends', ['ab', 'c'], ['a', 'bc']],
    [
      'nesting',
      [element('a')],
      [WbxmlElement.of('AirSync', 'ApplicationData', []), WbxmlElement.of('Email', 'Subject', 'a')],
    ],
    ['the tag', [WbxmlElement.of('Email', 'Subject', 'a')], [WbxmlElement.of('Email', 'To', 'a')]],
    ['an empty value', [WbxmlElement.of('Email', 'Subject', '')], [WbxmlElement.of('Email', 'Subject')]],
  ];
  test.each(differences)('tells %s', (_, one, other) => {
    expect(contentHash(...one)).not.toBe(contentHash(...other));
  });
});
