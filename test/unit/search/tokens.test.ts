import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fold, phraseOf, tokens } from '../../../lib/search/tokens.ts';

describe('words of a text', () => {
  it.each([
    ['Grüße aus KÖLN', ['grusse', 'aus', 'koln']],
    ['Ｆｕｌｌ ﬁle', ['full', 'file']],
    ["don't stop", ['don', 't', 'stop']],
    ['ann.smith+tag@example.test', ['ann', 'smith', 'tag', 'example', 'test']],
    ['Ærø Łódź', ['aero', 'lodz']],
    ['ΑΘΉΝΑ Ёлка', ['αθηνα', 'елка']],
    ['IPv6 2026-01-15', ['ipv6', '2026', '01', '15']],
    ['東京都', ['東京', '京都', '都']],
    ['SQL入門', ['sql', '入門', '門']],
    ['がく', ['がく', 'く']],
    ['한국어', ['한국', '국어', '어']],
    ['👍 — …', []],
    ['', []],
  ])('of %j are %j', (text, words) => {
    expect(tokens(text)).toEqual(words);
  });

  it('are cut where they are long, and no more than asked for', () => {
    expect(tokens('x'.repeat(100))).toEqual(['x'.repeat(32)]);
    expect(tokens('a b c d', 2)).toEqual(['a', 'b']);
    expect(tokens('東京都', 2)).toEqual(['東京', '京都']);
  });

  it('hold letters and digits only, whatever the text is: nothing in them is syntax of an index', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })), (text) => {
        for (const word of tokens(text)) expect(word).toMatch(/^[\p{L}\p{N}\p{M}]+$/u);
      }),
    );
  });

  it('are the same for a text and for the text folded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(tokens(fold(text))).toEqual(tokens(text));
      }),
    );
  });
});

describe('a word of a query', () => {
  it.each([
    ['crane', { words: ['crane'], prefix: true }],
    ['cr', { words: ['cr'], prefix: false }],
    ['ann@example.test', { words: ['ann', 'example', 'test'], prefix: true }],
    ['東京都', { words: ['東京', '京都'], prefix: false }],
    ['東', { words: ['東'], prefix: true }],
    ['東京abc', { words: ['東京', '京', 'abc'], prefix: true }],
    ['?!', undefined],
  ])('%s stands for %j', (text, phrase) => {
    expect(phraseOf(text, true)).toEqual(phrase);
  });

  it('does not go on where it is quoted', () => {
    expect(phraseOf('the crane', false)).toEqual({ words: ['the', 'crane'], prefix: false });
  });

  it('is found by its beginning where it is too long: more, and nothing less', () => {
    expect(phraseOf('one.two.three', true, 3)).toEqual({ words: ['one', 'two', 'three'], prefix: true });
    expect(phraseOf('one.two.three', true, 2)).toEqual({ words: ['one', 'two'], prefix: false });
    expect(phraseOf('東京都', true, 2)).toEqual({ words: ['東京', '京都'], prefix: false });
    expect(phraseOf('one', true, 0)).toBeUndefined();
  });

  it('is found in every text that has it between other words', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '東', '京', 'ß', '1'), minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(text, text, text, (before, word, after) => {
        const all = tokens(`${before} ${word} ${after}`);
        const { words, prefix } = phraseOf(word, true)!;
        const last = words.length - 1;
        const found = all.some((_, at) =>
          words.every((each, n) => (n === last && prefix ? all[at + n]?.startsWith(each) : all[at + n] === each)),
        );
        expect(found).toBe(true);
      }),
    );
  });
});
