/** Decides one item without an index: for what no step has taken in yet, and for tests as the truth. */
import { decodeTime } from 'ulid';
import { type ItemId, unmarked } from '../ops/ids.ts';
import { type Clause, FIELDS, type IndexedItem, type SearchQuery, type Term } from './types.ts';

/** Received date of an item, as its id says it: epoch milliseconds. */
export const receivedOf = (item: ItemId): number => decodeTime(unmarked(item));

export function matches(item: IndexedItem, query: SearchQuery): boolean {
  const received = receivedOf(item.item);
  if (query.after !== undefined && received <= query.after) return false;
  if (query.before !== undefined && received >= query.before) return false;
  if (query.folders && !query.folders.includes(item.folder)) return false;
  if (query.classes && !query.classes.includes(item.class)) return false;
  if (query.conversations && !query.conversations.includes(item.conversation)) return false;
  if (query.attachments !== undefined && query.attachments !== item.attachments) return false;
  return query.clauses.every((clause) => holds(item, clause));
}

function holds(item: IndexedItem, { any, not = false }: Clause): boolean {
  return any.some((term) => (term.fields ?? FIELDS).some((field) => follows(item.words[field], term))) !== not;
}

function follows(words: readonly string[], { words: sought, prefix }: Term): boolean {
  const last = sought.length - 1;
  return words.some((_, at) =>
    sought.every((word, n) => {
      const there = words[at + n];
      return n === last && prefix ? there?.startsWith(word) : there === word;
    }),
  );
}
