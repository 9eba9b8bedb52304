import type { ItemRef } from '../mailbox/server-id.ts';
import type { Item, Mailbox } from '../mailbox/types.ts';
import { sleep } from '../ops/clock.ts';
import type { ItemId, MailboxId } from '../ops/ids.ts';
import { errorFields } from '../ops/log.ts';
import type { Conversations } from '../sync/beside.ts';
import { Indexer, type IndexerDeps, nameOf, type Waiting } from './indexer.ts';
import { matches, receivedOf } from './match.ts';
import { confirm, hasPhrase, load, loosened } from './phrases.ts';
import { type Hit, type Hits, MAX_TOTAL, newestFirst, type SearchQuery } from './types.ts';

export interface Found {
  /** Newest first. */
  readonly items: readonly Item[];
  /** An estimate: items that go while one looks are counted. */
  readonly total: number;
}

/** How long a search may work on an index that is behind before it answers from what there is. */
const CATCH_UP_MS = 2_000;
/** Afterwards it works in slices, with room for everything else between. */
const SLICE_MS = 250;
const PAUSE_MS = 50;
const ULID_LENGTH = 26;

/** Searches mailboxes: all that was committed before the question, also what no index has taken in yet. */
export class MailSearch {
  readonly #deps: IndexerDeps;
  readonly indexer: Indexer;
  /** Mailboxes whose indexes are being completed after a search that did not wait for it. */
  readonly #completing = new Set<MailboxId>();

  constructor(deps: IndexerDeps) {
    this.#deps = deps;
    this.indexer = new Indexer(deps);
  }

  /** Matches `from` to `to` (inclusive, counted from 0), newest first. @throws StoreUnavailable */
  async search(
    mailbox: Mailbox,
    query: SearchQuery,
    range: { readonly from: number; readonly to: number },
  ): Promise<Found> {
    const { hits, total } = await this.#hits(mailbox, query, range.to + 1);
    const items = await load(mailbox, hits.slice(range.from, range.to + 1));
    return { items: items.filter((item) => item !== undefined), total };
  }

  /** Where the messages of a conversation are; the newest thousand. `id` as hex. */
  async conversation(mailbox: Mailbox, id: string): Promise<readonly ItemRef[]> {
    return (await this.#hits(mailbox, { clauses: [], conversations: [id] }, MAX_TOTAL)).hits;
  }

  /** The mail of any of these conversations in a folder, below an id: the newest, by one question. Ids as hex. */
  async threads(
    mailbox: Mailbox,
    { conversations, folder, below, limit }: Parameters<Conversations>[1],
  ): Promise<readonly ItemId[]> {
    const before = receivedOf(below.padEnd(ULID_LENGTH, '0') as ItemId);
    const query: SearchQuery = { clauses: [], conversations, folders: [folder], classes: ['Email'], before };
    return (await this.#hits(mailbox, query, limit)).hits.map(({ item }) => item);
  }

  async #hits(mailbox: Mailbox, query: SearchQuery, limit: number): Promise<{ hits: readonly Hit[]; total: number }> {
    const { log } = this.#deps;
    const waiting = await this.indexer.catchUp(mailbox, CATCH_UP_MS);
    if (!waiting.complete) {
      log.warn('search index is behind', { mailbox: mailbox.id });
      void this.#complete(mailbox);
    }
    const found = await this.#indexed(mailbox, query, limit, waiting);
    const fresh = waiting.items.filter((item) => matches(item, query));
    const hits = [...found.hits, ...fresh.map(({ folder, item }) => ({ folder, item }))].sort(newestFirst);
    const total = Math.min(found.total + fresh.length, MAX_TOTAL);
    return { hits: hits.slice(0, limit), total };
  }

  /** What the index has, without what it should not have any more. */
  async #indexed(mailbox: Mailbox, query: SearchQuery, limit: number, waiting: Waiting): Promise<Hits> {
    const { index, blobs } = this.#deps;
    // Folders whose deletion has not come to the index, and items whose words it has not or no more.
    const isCurrent = ({ folder, item }: Hit) =>
      waiting.folders.has(folder) && !waiting.stale.has(nameOf(folder, item));
    const enough = limit + waiting.stale.size;
    if (index.phrases || !hasPhrase(query)) {
      const { hits, total } = await index.search(mailbox.id, query, enough);
      const kept = hits.filter(isCurrent);
      return { hits: kept, total: total - (hits.length - kept.length) };
    }
    const { hits } = await index.search(mailbox.id, loosened(query), Math.max(enough, MAX_TOTAL));
    return confirm({ mailbox, blobs }, hits.filter(isCurrent), query, limit);
  }

  /** Goes on where the search left off, so that the next one finds everything. Never rejects. */
  async #complete(mailbox: Mailbox): Promise<void> {
    if (this.#completing.has(mailbox.id)) return;
    this.#completing.add(mailbox.id);
    try {
      while (!(await this.indexer.catchUp(mailbox, SLICE_MS, false)).complete) await sleep(this.#deps.clock, PAUSE_MS);
    } catch (error) {
      this.#deps.log.warn('search index not completed', { mailbox: mailbox.id, ...errorFields(error) });
    } finally {
      this.#completing.delete(mailbox.id);
    }
  }
}
