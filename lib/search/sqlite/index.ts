import path from 'node:path';
// biome-ignore lint/correctness/noUnresolvedImports: Biome's list of Node's modules lacks it
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { LRUCache } from 'lru-cache';
import type { FolderId, ItemId, MailboxId } from '../../ops/ids.ts';
import { StoreUnavailable } from '../../store/ports.ts';
import { sameMark } from '../marks.ts';
import { receivedOf } from '../match.ts';
import {
  FIELDS,
  type Hits,
  type IndexedItem,
  MAX_TOTAL,
  type Mark,
  type Marks,
  type SearchIndex,
  type SearchQuery,
  type Step,
} from '../types.ts';
import { openIndexFile } from './database.ts';
import { expressionOf, placeWords } from './expression.ts';

/** Ids of one millisecond. */
const SLOTS = 2048;
/** The last millisecond whose ids are exact numbers, in the year 2109. */
const LAST_MS = Math.floor(Number.MAX_SAFE_INTEGER / SLOTS) - 1;
const idOf = (ms: number) => Math.min(Math.max(Math.trunc(ms), 0), LAST_MS) * SLOTS;

export interface SqliteSearchOptions {
  /** The folder of the index files, one for each mailbox. */
  readonly dir: string;
  /** Files that are open at a time. Default 64. */
  readonly open?: number;
  readonly busyTimeoutMs?: number;
}

/** An index file for each mailbox: what a search costs does not depend on how many others there are. */
export class SqliteSearchIndex implements SearchIndex {
  /** A step of one item is cheap here. */
  readonly batch = 1;
  readonly phrases = true;
  readonly #files: LRUCache<string, IndexFile>;
  readonly #dir: string;
  readonly #busyTimeoutMs: number;

  constructor({ dir, open = 64, busyTimeoutMs = 500 }: SqliteSearchOptions) {
    this.#dir = dir;
    this.#busyTimeoutMs = busyTimeoutMs;
    this.#files = new LRUCache({ max: open, dispose: (file) => file.close() });
  }

  async marks(mailbox: MailboxId): Promise<Marks | undefined> {
    return this.#use(mailbox, (file) => file.marks());
  }

  async reset(mailbox: MailboxId, incarnation: string): Promise<void> {
    this.#use(mailbox, (file) => file.reset(incarnation));
  }

  async apply(mailbox: MailboxId, folder: FolderId, step: Step): Promise<boolean> {
    return this.#use(mailbox, (file) => file.apply(folder, step));
  }

  async forget(mailbox: MailboxId, folder: FolderId): Promise<void> {
    this.#use(mailbox, (file) => file.forget(folder));
  }

  async search(mailbox: MailboxId, query: SearchQuery, limit: number): Promise<Hits> {
    return this.#use(mailbox, (file) => file.search(query, limit));
  }

  async close(): Promise<void> {
    this.#files.clear();
  }

  /** @throws StoreUnavailable for whatever a file cannot do now */
  #use<T>(mailbox: MailboxId, work: (file: IndexFile) => T): T {
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(mailbox)) throw new TypeError('no name for a file');
    try {
      let file = this.#files.get(mailbox);
      if (!file) {
        file = new IndexFile(openIndexFile(path.join(this.#dir, `${mailbox}.sqlite`), this.#busyTimeoutMs));
        this.#files.set(mailbox, file);
      }
      return work(file);
    } catch (error) {
      // Opened anew the next time: a file that broke is then made again.
      this.#files.delete(mailbox);
      throw new StoreUnavailable('the search index failed', { cause: error });
    }
  }
}

/** The index of one mailbox. */
class IndexFile {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  marks(): Marks | undefined {
    const [about] = this.#all("SELECT value FROM about WHERE name = 'incarnation'");
    if (!about) return undefined;
    const rows = this.#all('SELECT folder, seq, n, below FROM marks') as [FolderId, number, number, ItemId | null][];
    const folders = new Map(rows.map(([folder, seq, n, below]) => [folder, { seq, n, ...(below && { below }) }]));
    return { incarnation: about[0] as string, folders };
  }

  reset(incarnation: string): void {
    this.#transaction(() => {
      this.#db.exec("INSERT INTO words (words) VALUES ('delete-all'); DELETE FROM items; DELETE FROM marks");
      this.#run("INSERT OR REPLACE INTO about VALUES ('incarnation', ?)", incarnation);
    });
  }

  apply(folder: FolderId, { from, to, put, remove }: Step): boolean {
    return this.#transaction(() => {
      if (!sameMark(this.#mark(folder), from)) return false;
      for (const item of remove) this.#remove(folder, item);
      for (const item of put) this.#put(folder, item);
      this.#run('INSERT OR REPLACE INTO marks VALUES (?, ?, ?, ?)', folder, to.seq, to.n, to.below ?? null);
      return true;
    });
  }

  forget(folder: FolderId): void {
    this.#transaction(() => {
      this.#run('DELETE FROM words WHERE rowid IN (SELECT id FROM items WHERE folder = ?)', folder);
      this.#run('DELETE FROM items WHERE folder = ?', folder);
      this.#run('DELETE FROM marks WHERE folder = ?', folder);
    });
  }

  search(query: SearchQuery, limit: number): Hits {
    const low = query.after === undefined ? -1 : idOf(query.after) + SLOTS - 1;
    const high = query.before === undefined ? Number.MAX_SAFE_INTEGER : idOf(query.before);
    const sql = 'SELECT rowid FROM words WHERE words MATCH ? AND rowid > ? AND rowid < ? ORDER BY rowid DESC LIMIT ?';
    const found = this.#all(sql, expressionOf(query), low, high, Math.max(limit, MAX_TOTAL)) as [number][];
    const hits = found.slice(0, limit).map(([id]) => {
      const [row] = this.#all('SELECT folder, item FROM items WHERE id = ?', id) as [[FolderId, ItemId]];
      return { folder: row[0], item: row[1] };
    });
    return { hits, total: found.length };
  }

  close(): void {
    this.#statements.clear();
    if (this.#db.isOpen) this.#db.close();
  }

  #mark(folder: FolderId): Mark | undefined {
    const [row] = this.#all('SELECT seq, n, below FROM marks WHERE folder = ?', folder);
    const [seq, n, below] = (row ?? []) as [number, number, ItemId | null];
    return row && { seq, n, ...(below && { below }) };
  }

  #put(folder: FolderId, item: IndexedItem): void {
    this.#remove(folder, item.item);
    const first = idOf(receivedOf(item.item));
    const [last] = this.#all('SELECT max(id) FROM items WHERE id >= ? AND id < ?', first, first + SLOTS) as [
      [number | null],
    ];
    // More than two thousand messages of one millisecond: the last of them is not found.
    const id = Math.min((last[0] ?? first - 1) + 1, first + SLOTS - 1);
    if (id === last[0]) return;
    this.#run('INSERT INTO items VALUES (?, ?, ?)', id, folder, item.item);
    const columns = [...FIELDS.map((field) => item.words[field].join(' ')), placeWords(item)];
    this.#run(
      'INSERT INTO words (rowid, subject, sender, recipients, body, files, place) VALUES (?, ?, ?, ?, ?, ?, ?)',
      id,
      ...columns,
    );
  }

  #remove(folder: FolderId, item: ItemId): void {
    const [row] = this.#all('SELECT id FROM items WHERE folder = ? AND item = ?', folder, item);
    if (!row) return;
    this.#run('DELETE FROM words WHERE rowid = ?', row[0]!);
    this.#run('DELETE FROM items WHERE id = ?', row[0]!);
  }

  #transaction<T>(work: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#db.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  #all(sql: string, ...values: SQLInputValue[]): SQLInputValue[][] {
    return this.#statement(sql).all(...values) as unknown as SQLInputValue[][];
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#statement(sql).run(...values);
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#db.prepare(sql);
      statement.setReturnArrays(true);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
