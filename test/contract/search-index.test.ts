/** What every search index promises: it finds what a look at each item would find, whatever steps made it. */
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ItemClass } from '../../lib/mailbox/types.ts';
import { type FolderId, type ItemId, type MailboxId, smsId, ulidFor } from '../../lib/ops/ids.ts';
import { matches, receivedOf } from '../../lib/search/match.ts';
import { SqliteSearchIndex } from '../../lib/search/sqlite/index.ts';
import { TableSearchIndex } from '../../lib/search/table/index.ts';
import { tokens } from '../../lib/search/tokens.ts';
import {
  FIELDS,
  type IndexedItem,
  type Mark,
  newestFirst,
  type SearchIndex,
  type SearchQuery,
} from '../../lib/search/types.ts';
import { storeMissing } from '../support/make-store.ts';
import { openTestStore, STORES, temporaryFolder } from '../support/stores.ts';

const BOX = 'box' as MailboxId;
const folder = (name: string) => name as FolderId;
const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

type Engine = readonly [name: string, missing: string | undefined, open: () => Promise<SearchIndex>];
const ENGINES: readonly Engine[] = [
  ['files of SQLite', undefined, async () => new SqliteSearchIndex({ dir: await temporaryFolder() })],
  ...STORES.map((kind): Engine => {
    return [
      `tables of ${kind}`,
      storeMissing(kind),
      async () => new TableSearchIndex((await openTestStore(kind)).table, 3),
    ];
  }),
];

interface Given {
  readonly minute: number;
  readonly folder?: string;
  readonly class?: ItemClass;
  readonly conversation?: string;
  readonly attachments?: boolean;
  readonly words?: Partial<Record<(typeof FIELDS)[number], string>>;
}

function item({ minute, words = {}, ...given }: Given, key = ''): IndexedItem {
  const fields = FIELDS.map((field) => [field, tokens(words[field] ?? '')] as const);
  const id = ulidFor(START + minute * MINUTE, `${given.folder}${minute}${key}`);
  return {
    folder: folder(given.folder ?? 'inbox'),
    item: given.class === 'SMS' ? smsId(id) : id,
    class: given.class ?? 'Email',
    conversation: given.conversation ?? '00',
    attachments: given.attachments ?? false,
    words: Object.fromEntries(fields) as unknown as IndexedItem['words'],
  };
}

/** Applies steps to one folder after the other, as the indexer does. */
class Filled {
  readonly index: SearchIndex;
  readonly #marks = new Map<FolderId, Mark>();
  readonly items = new Map<string, IndexedItem>();

  constructor(index: SearchIndex) {
    this.index = index;
  }

  async step(where: FolderId, put: readonly IndexedItem[], remove: readonly ItemId[] = []): Promise<void> {
    const from = this.#marks.get(where);
    const to = { seq: (from?.seq ?? 0) + 1, n: 0 };
    expect(await this.index.apply(BOX, where, { from, to, put, remove })).toBe(true);
    this.#marks.set(where, to);
    for (const id of remove) this.items.delete(`${where}:${id}`);
    for (const each of put) this.items.set(`${where}:${each.item}`, each);
  }

  async find(query: Partial<SearchQuery>, limit = 100) {
    const { hits, total } = await this.index.search(BOX, { clauses: [], ...query }, limit);
    return { names: hits.map((hit) => `${hit.folder}:${hit.item}`), total };
  }

  /** The same by looking at every item. */
  truth(query: SearchQuery): string[] {
    const found = [...this.items.values()].filter((each) => matches(each, query));
    return found.sort(newestFirst).map((each) => `${each.folder}:${each.item}`);
  }
}

const word = (text: string, prefix = false) => ({ any: [{ words: [text], prefix }] });
const dateOf = (name: string) => receivedOf(name.slice(2) as ItemId);
const name = ({ folder, item }: IndexedItem) => `${folder}:${item}`;

describe.each(ENGINES)('the index in %s', (_, missing, open) => {
  async function filled(...items: readonly IndexedItem[]): Promise<Filled> {
    const index = await open();
    onTestFinished(() => index.close());
    await index.reset(BOX, 'i1');
    const all = new Filled(index);
    for (const where of new Set(items.map((each) => each.folder))) {
      await all.step(
        where,
        items.filter((each) => each.folder === where),
      );
    }
    return all;
  }

  describe.skipIf(missing !== undefined)('', () => {
    it('finds words in any field or in one, newest first', async () => {
      const a = item({ minute: 1, words: { subject: 'Crane', body: 'lunch' } });
      const b = item({ minute: 2, words: { subject: 'Lunch', sender: 'crane@x.test' } });
      const all = await filled(a, b);
      expect(await all.find({ clauses: [word('crane')] })).toEqual({ names: [name(b), name(a)], total: 2 });
      const subject = { any: [{ words: ['crane'], prefix: false, fields: ['subject' as const] }] };
      expect((await all.find({ clauses: [subject] })).names).toEqual([name(a)]);
      expect((await all.find({ clauses: [word('cran')] })).names).toEqual([]);
      expect((await all.find({ clauses: [word('cran', true)] })).names).toHaveLength(2);
    });

    it('puts texts among mail by their dates', async () => {
      const days = Array.from({ length: 12 }, (_, minute) => {
        return item({ minute, class: minute % 3 === 0 ? 'SMS' : 'Email', words: { body: 'many' } });
      });
      const all = await filled();
      for (const each of days.toReversed()) await all.step(folder('inbox'), [each]);
      const newest = days.toReversed().map(name);
      expect((await all.find({ clauses: [word('many')] })).names).toEqual(newest);
      expect((await all.find({ clauses: [word('many')] }, 5)).names).toEqual(newest.slice(0, 5));
      const early = { clauses: [word('many')], before: START + 3 * MINUTE };
      expect((await all.find(early)).names).toEqual(newest.slice(-3));
    });

    it('gives no more than the limit and tells how many there are', async () => {
      const all = await filled(...Array.from({ length: 12 }, (_, minute) => item({ minute, words: { body: 'many' } })));
      const { names, total } = await all.find({ clauses: [word('many')] }, 5);
      expect([names.length, total]).toEqual([5, 12]);
      expect(names).toEqual(all.truth({ clauses: [word('many')] }).slice(0, 5));
    });

    it('knows a conversation, a folder, a class, attachments and dates without any word', async () => {
      const a = item({ minute: 1, conversation: 'aa', attachments: true });
      const b = item({ minute: 2, folder: 'trash', conversation: 'aa' });
      const c = item({ minute: 3, class: 'SMS' });
      const all = await filled(a, b, c);
      expect((await all.find({ conversations: ['aa'] })).names).toEqual([name(b), name(a)]);
      expect((await all.find({ conversations: ['aa', '00', 'ff'] })).names).toEqual([name(c), name(b), name(a)]);
      const many = Array.from({ length: 300 }, (_, n) => n.toString(16).padStart(32, '0'));
      expect((await all.find({ conversations: [...many, 'aa'] })).names).toEqual([name(b), name(a)]);
      expect((await all.find({ conversations: [] })).names).toEqual([]);
      expect((await all.find({ folders: [folder('trash')] })).names).toEqual([name(b)]);
      expect((await all.find({ folders: [] })).names).toEqual([]);
      expect((await all.find({ classes: ['SMS'] })).names).toEqual([name(c)]);
      expect((await all.find({ attachments: true })).names).toEqual([name(a)]);
      expect((await all.find({ after: START + MINUTE, before: START + 3 * MINUTE })).names).toEqual([name(b)]);
      expect((await all.find({})).total).toBe(3);
    });

    it('forgets what was removed, and old words of what was put again', async () => {
      const a = item({ minute: 1, words: { body: 'first' } });
      const b = item({ minute: 2, words: { body: 'first' } });
      const all = await filled(a, b);
      const again = { ...a, words: { ...a.words, body: ['second'] } };
      await all.step(folder('inbox'), [again], [b.item]);
      expect((await all.find({ clauses: [word('first')] })).names).toEqual([]);
      expect((await all.find({ clauses: [word('second')] })).names).toEqual([name(a)]);
      await all.step(folder('inbox'), [b], ['01HX0000000000000000000000' as ItemId]);
      expect((await all.find({ clauses: [word('first')] })).names).toEqual([name(b)]);
    });

    it('takes a step once, from the mark that it was made from', async () => {
      const all = await filled(item({ minute: 1 }));
      const step = {
        from: { seq: 1, n: 0 },
        to: { seq: 5, n: 2, below: item({ minute: 1 }).item },
        put: [],
        remove: [],
      };
      expect(await all.index.apply(BOX, folder('inbox'), { ...step, from: { seq: 1, n: 1 } })).toBe(false);
      expect(await all.index.apply(BOX, folder('inbox'), { ...step, from: undefined })).toBe(false);
      expect(await all.index.apply(BOX, folder('inbox'), step)).toBe(true);
      expect(await all.index.apply(BOX, folder('inbox'), step)).toBe(false);
      expect(await all.index.marks(BOX)).toEqual({ incarnation: 'i1', folders: new Map([['inbox', step.to]]) });
    });

    it('forgets a folder, and everything', async () => {
      const all = await filled(item({ minute: 1, folder: 'a' }), item({ minute: 2, folder: 'b-a' }));
      await all.index.forget(BOX, folder('a'));
      expect((await all.find({})).names).toEqual([name(item({ minute: 2, folder: 'b-a' }))]);
      expect([...(await all.index.marks(BOX))!.folders.keys()]).toEqual(['b-a']);
      await all.index.reset(BOX, 'i2');
      expect(await all.index.marks(BOX)).toEqual({ incarnation: 'i2', folders: new Map() });
      expect((await all.find({})).total).toBe(0);
    });

    it('keeps mailboxes apart', async () => {
      const all = await filled(item({ minute: 1, words: { body: 'secret' } }));
      const other = 'other' as MailboxId;
      expect(await all.index.marks(other)).toBeUndefined();
      await all.index.reset(other, 'i1');
      expect(await all.index.search(other, { clauses: [word('secret')] }, 10)).toEqual({ hits: [], total: 0 });
    });

    it('finds what a look at each item finds, for any steps and any query', async () => {
      // Words that share beginnings, in several scripts; phrases of one word, since not every index knows places.
      const text = fc.array(fc.constantFrom('crane', 'cranes', 'cra', 'лес', 'леса', '東京', '京都', 'x1'), {
        maxLength: 4,
      });
      const field = fc.constantFrom(...FIELDS);
      const given = fc.record({
        minute: fc.nat(5),
        key: fc.constantFrom('p', 'q'),
        folder: fc.constantFrom('a', 'b'),
        class: fc.constantFrom<ItemClass>('Email', 'SMS'),
        conversation: fc.constantFrom('aa', 'bb'),
        attachments: fc.boolean(),
        subject: text,
        body: text,
      });
      const makes = given.map(({ key, subject, body, ...rest }) => {
        return item({ ...rest, words: { subject: subject.join(' '), body: body.join(' ') } }, key);
      });
      const step = fc.record({
        put: fc.uniqueArray(makes, { selector: name, maxLength: 4 }),
        remove: fc.array(makes, { maxLength: 2 }),
      });
      const term = fc.record({
        words: fc.tuple(fc.constantFrom('crane', 'cranes', 'cra', 'лес', '東京', 'x1', 'zebra')),
        prefix: fc.boolean(),
      });
      const limited = fc.oneof(
        term,
        fc.record({
          ...{ words: fc.tuple(fc.constantFrom('crane', 'леса')) },
          prefix: fc.boolean(),
          fields: fc.tuple(field),
        }),
      );
      const query = fc.record(
        {
          clauses: fc.array(fc.record({ any: fc.array(limited, { minLength: 1, maxLength: 2 }), not: fc.boolean() }), {
            maxLength: 3,
          }),
          folders: fc.array(fc.constantFrom(folder('a'), folder('b')), { minLength: 1 }),
          classes: fc.tuple(fc.constantFrom<ItemClass>('Email', 'SMS')),
          conversations: fc.uniqueArray(fc.constantFrom('aa', 'bb')),
          attachments: fc.boolean(),
          after: fc.nat(5).map((minute) => START + minute * MINUTE),
          before: fc.nat(5).map((minute) => START + minute * MINUTE),
        },
        { requiredKeys: ['clauses'] },
      );
      const index = await open();
      onTestFinished(() => index.close());
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { maxLength: 4 }),
          fc.array(query, { minLength: 1, maxLength: 4 }),
          async (steps, queries) => {
            await index.reset(BOX, 'i');
            const all = new Filled(index);
            for (const { put, remove } of steps) {
              for (const where of ['a', 'b'].map(folder)) {
                const here = (each: IndexedItem) => each.folder === where;
                const puts = put.filter(here);
                const removes = remove
                  .filter(here)
                  .map((each) => each.item)
                  .filter((id) => !puts.some((each) => each.item === id));
                await all.step(where, puts, removes);
              }
            }
            for (const asked of queries) {
              const expected = all.truth(asked);
              const { names, total } = await all.find(asked);
              expect([...names].sort()).toEqual([...expected].sort());
              expect(names.map(dateOf)).toEqual(expected.map(dateOf));
              expect(total).toBe(expected.length);
            }
          },
        ),
        { numRuns: 30 },
      );
    }, 60_000);
  });
});
