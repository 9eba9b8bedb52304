/** Words as the index keeps them, and as a query is cut: the one place that decides what equals what. */

/** Longer words are cut: nobody types them whole, and base64 that was taken for text must not fill the index. */
const MAX_WORD = 32;

const WORD = /[\p{L}\p{N}]+/gu;
/** Accents of Latin, Greek and Cyrillic; marks of other scripts tell words apart and stay. */
const ACCENTS = /[\u0300-\u036f]/g;
/** Scripts that are written without spaces, and Hangul, whose words change at their end. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー]+/gu;
/** Letters that no decomposition knows. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
};
const LETTER = /[ßæœøłđðþı]/g;

/** Compatibility forms, case and accents do not count: "ＦＵＬＬ", "Müller" and "muller" are found by each other. */
export function fold(text: string): string {
  const bare = text.normalize('NFKD').toLowerCase().replace(ACCENTS, '');
  return bare.replace(LETTER, (letter) => LETTERS[letter]!).normalize('NFC');
}

/** The words of a text in their order, at most `limit`. Unspaced scripts give pairs of characters, and the last alone. */
export function tokens(text: string, limit = Number.POSITIVE_INFINITY): string[] {
  const found: string[] = [];
  for (const [run] of fold(text).matchAll(WORD)) {
    for (const { piece, unspaced } of pieces(run)) {
      if (unspaced) found.push(...pairs(piece));
      else found.push(piece.slice(0, MAX_WORD));
      if (found.length >= limit) return found.slice(0, limit);
    }
  }
  return found;
}

/** A word of a query: tokens that follow one another, of which the last may go on. */
export interface Phrase {
  readonly words: readonly string[];
  readonly prefix: boolean;
}

/** Shorter beginnings would match most of a mailbox; such a word must be there as it is. */
export const MIN_PREFIX = 3;

/** Tokens of one phrase. `a.b.a.b` is one word to who types it: an index compares all of its tokens at every place. */
export const MAX_PHRASE = 32;

/**
 * What one word of a query (or a quoted phrase) stands for; nothing for one without letters and digits.
 * @param open the last word may go on, as it does while somebody types
 * @param limit tokens; the rest is left out, so that more is found rather than less
 */
export function phraseOf(text: string, open: boolean, limit = MAX_PHRASE): Phrase | undefined {
  const words: string[] = [];
  let last: { readonly piece: string; readonly unspaced: boolean } | undefined;
  for (const [run] of fold(text).matchAll(WORD)) {
    for (const each of pieces(run)) {
      if (each.unspaced) words.push(...pairs(each.piece));
      else words.push(each.piece.slice(0, MAX_WORD));
      if (words.length > limit) return limit > 0 ? { words: words.slice(0, limit), prefix: false } : undefined;
      last = each;
    }
  }
  if (last === undefined) return undefined;
  const single = [...last.piece].length === 1;
  // What follows in the text is not known: the last character need not be the last there.
  if (last.unspaced && !single) words.pop();
  return { words, prefix: open && (last.unspaced ? single : last.piece.length >= MIN_PREFIX) };
}

function* pieces(run: string): Generator<{ piece: string; unspaced: boolean }> {
  let from = 0;
  for (const { index, 0: piece } of run.matchAll(UNSPACED)) {
    if (index > from) yield { piece: run.slice(from, index), unspaced: false };
    yield { piece, unspaced: true };
    from = index + piece.length;
  }
  if (from < run.length) yield { piece: run.slice(from), unspaced: false };
}

function pairs(piece: string): string[] {
  const characters = [...piece];
  return characters.map((character, n) => character + (characters[n + 1] ?? ''));
}
