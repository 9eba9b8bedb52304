// biome-ignore lint/correctness/noUnresolvedImports: Biome's list of Node's modules lacks it
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { OutcomeUnknown, StoreConflict, StoreUnavailable } from '../ports.ts';
import { migrate } from './migrate.ts';

export interface DatabaseOptions {
  /**
   * How long SQLite waits for another process's transaction, in milliseconds. It waits on the event loop, and a
   * transaction takes well under a millisecond: longer means that something is wrong, and the caller backs off.
   */
  readonly busyTimeoutMs: number;
  /** Page cache in KB. */
  readonly cacheKb: number;
}

/** One connection with its prepared statements. Rows come as arrays. */
export class Database {
  readonly db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** @throws Error when the file is not a store, or of a newer release. */
  constructor(path: string, options: DatabaseOptions) {
    this.db = new DatabaseSync(path, { timeout: options.busyTimeoutMs });
    try {
      // Rows of 1.5 KB overflow 4 KB pages of a WITHOUT ROWID table. Has no effect on a file that exists.
      this.db.exec('PRAGMA page_size = 8192');
      this.db.exec('PRAGMA journal_mode = WAL');
      // FULL: a commit that was acknowledged survives a loss of power.
      this.db.exec('PRAGMA synchronous = FULL');
      this.db.exec(`PRAGMA cache_size = -${options.cacheKb}`);
      this.db.exec(`PRAGMA journal_size_limit = ${64 * 1024 * 1024}`);
      migrate(this.db);
    } catch (error) {
      this.db.close();
      throw error;
    }
  }

  /** The prepared statement of this text; texts are few and fixed. */
  sql(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (!statement) {
      statement = this.db.prepare(text);
      statement.setReturnArrays(true);
      this.#statements.set(text, statement);
    }
    return statement;
  }

  close(): void {
    this.#statements.clear();
    if (this.db.isOpen) this.db.close();
  }
}

const BUSY = 5;
const LOCKED = 6;

/** SQLite's result code without its extension, `undefined` for errors of another kind. */
function codeOf(error: unknown): number | undefined {
  const { errcode } = error as { errcode?: unknown };
  return typeof errcode === 'number' ? errcode & 0xff : undefined;
}

/** What a failure of SQLite means to the caller; other errors stay what they are. */
export function storeError(error: unknown, during: 'read' | 'write' | 'commit'): unknown {
  const code = codeOf(error);
  if (code === undefined) {
    const closed = (error as { code?: unknown }).code === 'ERR_INVALID_STATE';
    return closed ? new StoreUnavailable('the store is closed', { cause: error }) : error;
  }
  if (code === BUSY || code === LOCKED) {
    return during === 'read'
      ? new StoreUnavailable('the database is locked', { cause: error })
      : new StoreConflict('another process holds the database', { cause: error });
  }
  return during === 'commit'
    ? new OutcomeUnknown('the commit failed', { cause: error })
    : new StoreUnavailable('the database failed', { cause: error });
}
