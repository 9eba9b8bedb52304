/** Reads an inverted index: heads first, then the buckets of the words, then the items of batches that may match. */
import type { ItemId, MailboxId } from '../../ops/ids.ts';
import { isSms, ulidTime, unmarked } from '../../ops/ids.ts';
import type { Row, Table } from '../../store/ports.ts';
import { keys, SEARCH_HEADS, searchBucketPrefix, searchPartition } from '../../store/schema.ts';
import { type Clause, type Hit, type Hits, MAX_TOTAL, newestFirst, type SearchQuery, type Term } from '../types.ts';
import { bucketOf, conversationWord, placesIn } from './postings.ts';
import { type Entry, entriesOf, type Head, headOf } from './rows.ts';

/** Rows of items that are read at once. */
const ITEM_ROWS = 24;

export async function searchTable(table: Table, mailbox: MailboxId, query: SearchQuery, limit: number): Promise<Hits> {
  const [heads, places] = await Promise.all([readHeads(table, mailbox), readPlaces(table, mailbox, query)]);
  const gone = goneOf(heads);
  const candidates = heads
    .filter((head) => head.size > 0 && mayMatch(head, query) && (!places.found || places.found.has(head.batch)))
    .sort((a, b) => (a.newest < b.newest ? 1 : -1));
  const hits: Hit[] = [];
  for (let at = 0; at < candidates.length; at += ITEM_ROWS) {
    const some = candidates.slice(at, at + ITEM_ROWS);
    const rows = await table.batchGet(
      some.map(({ batch }) => keys.searchItems(mailbox, batch)),
      'eventual',
    );
    some.forEach((head, n) => {
      const row = rows[n];
      if (row) hits.push(...matching(head, entriesOf(row), places, query, gone));
    });
    hits.sort(newestFirst);
    // What follows is older than all that was asked for, and nobody counts past this.
    const next = candidates[at + ITEM_ROWS];
    if (hits.length >= MAX_TOTAL && hits.length >= limit && next && next.newest < unmarked(hits[limit - 1]!.item))
      break;
  }
  return { hits: hits.slice(0, limit), total: Math.min(hits.length, Math.max(MAX_TOTAL, limit)) };
}

async function readHeads(table: Table, mailbox: MailboxId): Promise<Head[]> {
  const rows = await table.query({
    table: 'devices',
    pk: searchPartition(mailbox),
    prefix: SEARCH_HEADS,
    consistency: 'strong',
  });
  return rows.map(headOf);
}

/** The step after which an item of a folder counts as gone from what came before. */
function goneOf(heads: readonly Head[]): ReadonlyMap<string, number> {
  const gone = new Map<string, number>();
  for (const { folder, gone: items, n } of heads) {
    for (const item of items) gone.set(`${folder}:${item}`, Math.max(n, gone.get(`${folder}:${item}`) ?? 0));
  }
  return gone;
}

function mayMatch({ folder, newest, oldest }: Head, { folders, after, before }: SearchQuery): boolean {
  if (folders && !folders.includes(folder)) return false;
  if (after !== undefined && newest < ulidTime(after + 1)) return false;
  // Written when ids of texts stood here with their mark: what else such a batch holds only its items say.
  return before === undefined || oldest < ulidTime(before) || isSms(newest);
}

function* matching(
  head: Head,
  entries: readonly Entry[],
  { found, excluded }: Places,
  { classes, attachments, after, before }: SearchQuery,
  gone: ReadonlyMap<string, number>,
): Generator<Hit> {
  for (const [place, entry] of entries.entries()) {
    if (found && !found.get(head.batch)?.has(place)) continue;
    if (excluded.get(head.batch)?.has(place)) continue;
    // A batch names its own items as gone from what came before it.
    if ((gone.get(`${head.folder}:${entry.item}`) ?? 0) > head.n) continue;
    if (classes && !classes.includes(entry.class)) continue;
    if (attachments !== undefined && attachments !== entry.attachments) continue;
    const dated = unmarked(entry.item);
    if (after !== undefined && dated < ulidTime(after + 1)) continue;
    if (before !== undefined && dated >= (ulidTime(before) as ItemId)) continue;
    yield { folder: head.folder, item: entry.item };
  }
}

interface Places {
  /** Places of the items that hold the words, by batch; absent where no word is asked for: any item. */
  readonly found?: ByBatch;
  /** Of the items that hold words that must not be there. */
  readonly excluded: ByBatch;
}

async function readPlaces(table: Table, mailbox: MailboxId, query: SearchQuery): Promise<Places> {
  const wanted: Clause[] = query.clauses.filter(({ not }) => !not);
  const unwanted = query.clauses.filter(({ not }) => not);
  if (query.conversations) {
    wanted.unshift({ any: query.conversations.map((id) => ({ words: [conversationWord(id)], prefix: false })) });
  }
  const buckets = await readBuckets(table, mailbox, [...wanted, ...unwanted]);
  const ofClause = ({ any }: Clause) => union(any.map((term) => ofTerm(buckets, term)));
  const excluded = union(unwanted.map(ofClause));
  let found: ByBatch | undefined;
  for (const clause of wanted) {
    const next = ofClause(clause);
    found = found ? intersection(found, next) : next;
  }
  return { ...(found && { found }), excluded };
}

type Buckets = ReadonlyMap<string, readonly { readonly batch: string; readonly text: string }[]>;
type ByBatch = Map<string, Set<number>>;

async function readBuckets(table: Table, mailbox: MailboxId, clauses: readonly Clause[]): Promise<Buckets> {
  const names = new Set(clauses.flatMap(({ any }) => any.flatMap(({ words }) => words.map(bucketOf))));
  const read = async (bucket: string) => {
    const prefix = searchBucketPrefix(bucket);
    const rows = await table.query({ table: 'devices', pk: searchPartition(mailbox), prefix, consistency: 'eventual' });
    const texts = rows.map((row: Row) => ({ batch: row.sk.slice(prefix.length), text: row.text as string }));
    return [bucket, texts] as const;
  };
  return new Map(await Promise.all([...names].map(read)));
}

/** A phrase is the conjunction of its words: the index does not know where in a text they stand. */
function ofTerm(buckets: Buckets, { words, prefix, fields }: Term): ByBatch {
  let found: ByBatch | undefined;
  words.forEach((word, n) => {
    const open = prefix && n === words.length - 1;
    const byBatch: ByBatch = new Map();
    for (const { batch, text } of buckets.get(bucketOf(word)) ?? []) {
      const places = placesIn(text, word, open, fields);
      if (places.size > 0) byBatch.set(batch, places);
    }
    found = found ? intersection(found, byBatch) : byBatch;
  });
  return found ?? new Map();
}

function union(all: readonly ByBatch[]): ByBatch {
  const [first, ...rest] = all;
  const found: ByBatch = new Map(first);
  for (const each of rest) {
    for (const [batch, places] of each) found.set(batch, new Set([...(found.get(batch) ?? []), ...places]));
  }
  return found;
}

function intersection(a: ByBatch, b: ByBatch): ByBatch {
  const found: ByBatch = new Map();
  for (const [batch, places] of a) {
    const others = b.get(batch);
    const both = new Set([...places].filter((place) => others?.has(place)));
    if (both.size > 0) found.set(batch, both);
  }
  return found;
}
