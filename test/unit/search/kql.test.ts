import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseQuery } from '../../../lib/search/kql.ts';

const term = (text: string, more: object = {}) => ({
  words: text.split(' '),
  prefix: text.length > 2 && !text.includes(' '),
  ...more,
});
const all = (...terms: object[]) => terms.map((each) => ({ any: [each] }));
const DAY = 86_400_000;

describe('what people type', () => {
  it.each([
    ['lunch noon', { clauses: all(term('lunch'), term('noon')) }],
    ['"at noon"', { clauses: all({ words: ['at', 'noon'], prefix: false }) }],
    ['"never closed', { clauses: all({ words: ['never', 'closed'], prefix: false }) }],
    ['subject:lunch', { clauses: all(term('lunch', { fields: ['subject'] })) }],
    ['SUBJECT:"at noon"', { clauses: all({ words: ['at', 'noon'], prefix: false, fields: ['subject'] }) }],
    ['from:ann', { clauses: all(term('ann', { fields: ['sender'] })) }],
    ['participants:ann', { clauses: all(term('ann', { fields: ['sender', 'recipients'] })) }],
    ['lunch OR dinner', { clauses: [{ any: [term('lunch'), term('dinner')] }] }],
    [
      'from:ann from:bob',
      { clauses: [{ any: [term('ann', { fields: ['sender'] }), term('bob', { fields: ['sender'] })] }] },
    ],
    ['from:ann to:bob', { clauses: all(term('ann', { fields: ['sender'] }), term('bob', { fields: ['recipients'] })) }],
    ['lunch -noon', { clauses: [{ any: [term('lunch')] }, { any: [term('noon')], not: true }] }],
    ['lunch NOT noon', { clauses: [{ any: [term('lunch')] }, { any: [term('noon')], not: true }] }],
    ['lunch AND noon', { clauses: all(term('lunch'), term('noon')) }],
    ['(lunch noon)', { clauses: all(term('lunch'), term('noon')) }],
    ['and or not', { clauses: all(term('and'), term('or'), term('not')) }],
    ['Re: lunch', { clauses: all({ words: ['re'], prefix: false }, term('lunch')) }],
    ['http://x.test', { clauses: all({ words: ['http', 'x', 'test'], prefix: true }) }],
    ['hasattachment:yes lunch', { attachments: true, clauses: all(term('lunch')) }],
    ['hasattachment:no', { attachments: false, clauses: [] }],
    ['kind:email lunch', { clauses: all(term('lunch')) }],
    ['? !', { clauses: [] }],
    ['OR', { clauses: [] }],
    ['', { clauses: [] }],
  ])('%j', (text, query) => {
    expect(parseQuery(text)).toEqual(query);
  });

  const day = Date.UTC(2026, 0, 15);
  it.each([
    ['received:2026-01-15', day - 1, day + DAY],
    ['received:1/15/2026', day - 1, day + DAY],
    ['received>2026-01-15', day + DAY - 1, undefined],
    ['received>=2026-01-15', day - 1, undefined],
    ['received<2026-01-15', undefined, day],
    ['sent<=2026-01-15', undefined, day + DAY],
    ['received:2026-01-15..2026-01-16', day - 1, day + 2 * DAY],
  ])('%s is a date', (text, after, before) => {
    expect(parseQuery(text)).toEqual({ clauses: [], ...(after && { after }), ...(before && { before }) });
  });

  it('takes a date that is none for words', () => {
    expect(parseQuery('received:soon').clauses).toHaveLength(1);
  });

  it('never fails, and never asks for more than a few words', () => {
    const piece = fc.constantFrom(
      'a',
      '"',
      ':',
      '-',
      'OR',
      'NOT',
      '(',
      ')',
      ' ',
      'from',
      'received',
      '..',
      '2026-01-01',
      '東',
      '>=',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 200 }), (pieces) => {
        const { clauses } = parseQuery(pieces.join(''));
        expect(clauses.flatMap(({ any }) => any).length).toBeLessThanOrEqual(32);
        for (const { any } of clauses) expect(any.every(({ words }) => words.length > 0)).toBe(true);
      }),
    );
  });

  it.each([
    ['one word of many tokens', 'a.b.'.repeat(50_000), 32],
    ['many words of many tokens', `${'a.b.'.repeat(10)} `.repeat(5_000), 128],
    ['a quoted text', `"${'a b '.repeat(50_000)}"`, 32],
    ['many quoted texts', `"${'a b '.repeat(10)}" `.repeat(5_000), 128],
    ['many unwanted words', '-a.b.c.d.e.f.g.h '.repeat(20_000), 128],
    ['characters without spaces', '東京'.repeat(50_000), 32],
    ['what stands past any query', `${' '.repeat(1_024)}a`, 0],
  ])('asks an index for no more than it bears, in %s', (_, text, count) => {
    const terms = parseQuery(text).clauses.flatMap(({ any }) => any);
    expect(terms.reduce((sum, { words }) => sum + words.length, 0)).toBe(count);
    expect(Math.max(0, ...terms.map(({ words }) => words.length))).toBeLessThanOrEqual(32);
  });

  it('takes no longer for a long query than for a short one, by much', () => {
    const started = performance.now();
    parseQuery('-"'.repeat(100_000));
    parseQuery('a:'.repeat(100_000));
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
