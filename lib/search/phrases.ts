/** Phrases beside an index that does not know where in a text its words stand: it finds too much, and this looks. */
import type { Item, Mailbox } from '../mailbox/types.ts';
import type { FolderId, ItemId } from '../ops/ids.ts';
import type { Blobs } from '../store/ports.ts';
import { matches } from './match.ts';
import type { Clause, Hit, SearchQuery, Term } from './types.ts';
import { indexedItem } from './words.ts';

/** Items that are read for one question at most, and so many of them at once. */
const MOST = 400;
const AT_ONCE = 25;

const isPhrase = ({ words }: Term) => words.length > 1;

export const hasPhrase = ({ clauses }: SearchQuery): boolean => clauses.some(({ any }) => any.some(isPhrase));

/** The question without what would exclude an item that has the words of an unwanted phrase in another order. */
export function loosened(query: SearchQuery): SearchQuery {
  const clauses = query.clauses.flatMap((clause): Clause[] => {
    if (!clause.not) return [clause];
    const any = clause.any.filter((term) => !isPhrase(term));
    return any.length > 0 ? [{ ...clause, any }] : [];
  });
  return { ...query, clauses };
}

export interface Confirmed {
  readonly hits: readonly Hit[];
  /** How many there are, as far as was looked; the rest as the index has it. */
  readonly total: number;
}

/**
 * Those of the hits whose texts hold what is asked, in the same order, until there are `limit`.
 * @throws StoreUnavailable
 */
export async function confirm(
  { mailbox, blobs }: { readonly mailbox: Mailbox; readonly blobs: Pick<Blobs, 'get'> },
  hits: readonly Hit[],
  query: SearchQuery,
  limit: number,
): Promise<Confirmed> {
  const confirmed: Hit[] = [];
  let at = 0;
  while (at < hits.length && at < MOST && confirmed.length < limit) {
    const some = hits.slice(at, at + AT_ONCE);
    at += some.length;
    const items = await load(mailbox, some);
    const held = await Promise.all(
      items.map(async (item) => item !== undefined && matches(await indexedItem(item, blobs), query)),
    );
    confirmed.push(...some.filter((_, n) => held[n]));
  }
  // What nobody looked at for its number is counted as the index counts; what is past the limit of looks is not given.
  const unseen = at < MOST ? hits.length - at : 0;
  return { hits: confirmed.slice(0, limit), total: confirmed.length + unseen };
}

/** In the order of the hits, `undefined` where there is no such item any more. */
export async function load(mailbox: Mailbox, hits: readonly Hit[]): Promise<readonly (Item | undefined)[]> {
  const byFolder = Map.groupBy(hits, ({ folder }) => folder);
  const found = new Map<FolderId, ReadonlyMap<ItemId, Item>>();
  await Promise.all(
    [...byFolder].map(async ([folder, some]) => {
      const ids = some.map(({ item }) => item);
      found.set(folder, await mailbox.items(folder, ids));
    }),
  );
  return hits.map(({ folder, item }) => found.get(folder)?.get(item));
}
