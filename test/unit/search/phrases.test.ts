import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../../../lib/ops/log.ts';
import { parseQuery } from '../../../lib/search/kql.ts';
import { MailSearch } from '../../../lib/search/mail-search.ts';
import { matches } from '../../../lib/search/match.ts';
import { hasPhrase, loosened } from '../../../lib/search/phrases.ts';
import { TableSearchIndex } from '../../../lib/search/table/index.ts';
import type { Term } from '../../../lib/search/types.ts';
import { indexedItem } from '../../../lib/search/words.ts';
import { email, INBOX, openTestMailbox } from '../../support/mailboxes.ts';

const term = (...words: string[]): Term => ({ words, prefix: false });

/** A search over an index in tables that has every message of these subjects, the last the newest. */
async function searched(...subjects: readonly string[]) {
  const { store, clock, mailboxes, mailbox } = await openTestMailbox();
  const index = new TableSearchIndex(store.table, 1);
  onTestFinished(() => index.close());
  const items = subjects.map((subject, n) => {
    return email(`m${n}`, { subject, received: Date.UTC(2026, 0, 1) + n * 60_000 });
  });
  for (let at = 0; at < items.length; at += 45) await mailbox.append(INBOX, items.slice(at, at + 45));
  const search = new MailSearch({ index, mailboxes, blobs: store.blobs, clock, log: silentLog });
  const find = async (text: string, from = 0, to = 99) => {
    const found = await search.search(mailbox, parseQuery(text), { from, to });
    return { subjects: found.items.map(({ content }) => content.subject), total: found.total };
  };
  return { store, mailbox, search, find, ids: items.map(({ id }) => id) };
}

describe('a phrase beside an index that does not know places of words', () => {
  it('is found where its words follow one another, newest first', async () => {
    const { find } = await searched('meet at noon', 'at the meeting, noon', 'noon at meet', 'we meet at noon');
    expect(await find('"meet at noon"')).toEqual({ subjects: ['we meet at noon', 'meet at noon'], total: 2 });
    expect(await find('"noon at"')).toEqual({ subjects: ['noon at meet'], total: 1 });
    expect(await find('"at meet noon"')).toEqual({ subjects: [], total: 0 });
  });

  it('excludes nothing that has its words in another order', async () => {
    const { find } = await searched('red crane', 'crane red', 'red');
    expect((await find('red NOT "red crane"')).subjects).toEqual(['red', 'crane red']);
    expect((await find('red NOT "red crane" NOT crane')).subjects).toEqual(['red']);
  });

  it('is looked for no further than is asked, and the rest is counted as the index counts', async () => {
    const { find } = await searched(
      ...Array.from({ length: 60 }, (_, n) => (n % 2 === 0 ? `one two ${n}` : 'two one')),
    );
    const { subjects, total } = await find('"one two"', 0, 4);
    expect(subjects).toEqual(['one two 58', 'one two 56', 'one two 54', 'one two 52', 'one two 50']);
    // 25 were read, of which 12 hold it.
    expect(total).toBe(12 + 35);
    expect((await find('"one two"', 5, 6)).subjects).toEqual(['one two 48', 'one two 46']);
    expect((await find('"one two"')).total).toBe(30);
  });

  it('is looked for in 400 messages at most', async () => {
    const { find } = await searched('one two', ...Array.from({ length: 409 }, () => 'two one'));
    expect(await find('"one two"')).toEqual({ subjects: [], total: 0 });
  });

  it('passes over what was deleted since', async () => {
    const { find, mailbox, ids } = await searched('one two a', 'one two b');
    expect((await find('"one two"')).total).toBe(2);
    await mailbox.remove(INBOX, [ids[1]!]);
    expect(await find('"one two"')).toEqual({ subjects: ['one two a'], total: 1 });
  });

  it('is found as a look at every message finds it, for any question', async () => {
    const word = fc.constantFrom('one', 'two', 'three');
    const terms = fc.record({ words: fc.array(word, { minLength: 1, maxLength: 3 }), prefix: fc.boolean() });
    const clause = fc.record({ any: fc.array(terms, { minLength: 1, maxLength: 2 }), not: fc.boolean() });
    const texts = Array.from({ length: 27 }, (_, n) =>
      [n % 3, Math.floor(n / 3) % 3, Math.floor(n / 9)].map((at) => ['one', 'two', 'three'][at]).join(' '),
    );
    const { search, mailbox, store, ids } = await searched(...texts);
    const all = [...(await mailbox.items(INBOX, ids)).values()];
    const indexed = await Promise.all(all.map((item) => indexedItem(item, store.blobs)));
    await fc.assert(
      fc.asyncProperty(fc.array(clause, { maxLength: 3 }), async (clauses) => {
        const { items, total } = await search.search(mailbox, { clauses }, { from: 0, to: 99 });
        const expected = indexed.filter((item) => matches(item, { clauses })).map(({ item }) => item);
        expect(items.map(({ id }) => id)).toEqual(expected.toSorted().toReversed());
        expect(total).toBe(expected.length);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the question that such an index is asked', () => {
  it('is another only where there is a phrase', () => {
    expect(hasPhrase({ clauses: [{ any: [term('one')] }, { any: [term('two')], not: true }] })).toBe(false);
    expect(hasPhrase({ clauses: [{ any: [term('one')] }, { any: [term('two'), term('a', 'b')], not: true }] })).toBe(
      true,
    );
  });

  it('leaves out what must not be there, as far as it is a phrase', () => {
    const wanted = { any: [term('a', 'b'), term('c')] };
    const unwanted = { any: [term('d', 'e'), term('f')], not: true };
    const phraseOnly = { any: [term('g', 'h')], not: true };
    expect(loosened({ clauses: [wanted, unwanted, phraseOnly], attachments: true })).toEqual({
      clauses: [wanted, { any: [term('f')], not: true }],
      attachments: true,
    });
  });
});
