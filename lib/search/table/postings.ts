/** Rows of the inverted index: how words are spread over buckets, and how a bucket writes which items have them. */

import { MIN_PREFIX } from '../tokens.ts';
import { FIELDS, type Field, type IndexedItem, type Term } from '../types.ts';

/** Words of one item that are indexed; the rest of a long text is not found. */
const MAX_WORDS = 400;

/**
 * Buckets of a batch. A batch of a hundred messages has some ten thousand words with their items: with this many
 * buckets a row stays under the kilobyte that one unit of writing pays for, and a search reads a five-hundredth.
 */
const BUCKETS = 512;

/** One letter for each field, in the order of `FIELDS`. */
const LETTERS = 'sfrba';
const letterOf = (field: Field) => LETTERS[FIELDS.indexOf(field)]!;

/** All words that begin alike are in one bucket, so that a beginning is found where the words are. */
export function bucketOf(word: string): string {
  let hash = 2_166_136_261;
  for (const character of [...word].slice(0, bucketLength(word))) {
    hash = Math.imul(hash ^ character.codePointAt(0)!, 16_777_619) >>> 0;
  }
  return (hash % BUCKETS).toString(36).padStart(2, '0');
}

/** Pairs of unspaced characters are asked for by the first alone. */
const bucketLength = (word: string) => (word.charCodeAt(0) > 0x0e00 ? 1 : MIN_PREFIX);

/** Where a conversation's id is found among the words. No word of a text has a colon. */
export const conversationWord = (id: string) => `c:${id}`;

/**
 * The buckets of a batch: lines of `word` TAB `<letters><place>,<letters><place>...`, a place being the item's number
 * in the batch in base 36, and the letters the fields in which it has the word.
 */
export function bucketsOf(items: readonly IndexedItem[]): Map<string, string> {
  const byWord = new Map<string, string[]>();
  items.forEach((item, place) => {
    for (const [word, letters] of wordsOf(item)) {
      const list = byWord.get(word) ?? [];
      list.push(`${letters}.${place.toString(36)}`);
      byWord.set(word, list);
    }
  });
  const buckets = new Map<string, string>();
  for (const [word, places] of byWord) {
    const bucket = bucketOf(word);
    buckets.set(bucket, `${buckets.get(bucket) ?? ''}\n${word}\t${places.join(',')}`);
  }
  return buckets;
}

function wordsOf(item: IndexedItem): Map<string, string> {
  const found = new Map([[conversationWord(item.conversation), '']]);
  for (const field of FIELDS) {
    const letter = letterOf(field);
    for (const word of item.words[field]) {
      const letters = found.get(word);
      if (letters === undefined ? found.size < MAX_WORDS : !letters.includes(letter)) {
        found.set(word, (letters ?? '') + letter);
      }
    }
  }
  return found;
}

/** Places of the items of one bucket's text that have the word in one of the fields. */
export function placesIn(text: string, word: string, prefix: boolean, fields: Term['fields']): Set<number> {
  const letters = fields?.map(letterOf);
  const places = new Set<number>();
  const sought = prefix ? `\n${word}` : `\n${word}\t`;
  for (let at = text.indexOf(sought); at >= 0; at = text.indexOf(sought, at + 1)) {
    const tab = text.indexOf('\t', at + 1);
    const end = text.indexOf('\n', tab);
    for (const entry of text.slice(tab + 1, end < 0 ? undefined : end).split(',')) {
      const dot = entry.indexOf('.');
      if (!letters || letters.some((letter) => entry.lastIndexOf(letter, dot) >= 0)) {
        places.add(Number.parseInt(entry.slice(dot + 1), 36));
      }
    }
  }
  return places;
}
