import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../ops/clock.ts';
import type { Log } from '../../ops/log.ts';
import { type BlobLimits, openFileBlobs } from '../files/blobs.ts';
import { limit } from '../limits.ts';
import type { Store } from '../ports.ts';
import { Bell } from './bell.ts';
import { Committer } from './committer.ts';
import { Database } from './database.ts';
import { SqliteFeed } from './feed.ts';
import { RowCache } from './row-cache.ts';
import { startSweep } from './sweep.ts';
import { SqliteTable } from './table.ts';

export const DATABASE_FILE = 'store.sqlite';
export const BLOB_FOLDER = 'blobs';

export interface SqliteStoreOptions {
  /** The data folder; made where it does not exist. Several processes of one machine may share it. */
  readonly dir: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Longest wait for another process's transaction. Default 500. */
  readonly busyTimeoutMs?: number;
  /** Page cache. Default 8 MB. */
  readonly cacheKb?: number;
  /** Rows kept decoded. Default 1 MB; 0 keeps none. */
  readonly rowsKb?: number;
  /** Between two looks for commits of other processes that did not ring. Default 5,000. */
  readonly lookMs?: number;
  /** Between two sweeps of expired rows. Default 60,000. */
  readonly sweepMs?: number;
  /**
   * Let the transactions of one turn of the event loop share a commit. Default true. Without it a transaction ends
   * before any timer or socket has its turn, which tests with a clock of their own count on.
   */
  readonly gather?: boolean;
  readonly blobs?: BlobLimits;
}

/** @throws Error when the folder cannot be used, or was written by a newer release. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { clock, log } = options;
  const busyTimeoutMs = limit('busyTimeoutMs', options.busyTimeoutMs ?? 500, 0, 60_000);
  const cacheKb = limit('cacheKb', options.cacheKb ?? 8 * 1024, 64, 16 * 1024 * 1024);
  const rowsKb = limit('rowsKb', options.rowsKb ?? 1024, 0, 16 * 1024 * 1024);
  const lookMs = limit('lookMs', options.lookMs ?? 5000, 10, 3_600_000);
  const everyMs = limit('sweepMs', options.sweepMs ?? 60_000, 100, 86_400_000);
  // Mail of everybody is in here.
  mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  const dir = realpathSync(options.dir);
  const blobs = await openFileBlobs(join(dir, BLOB_FOLDER), options.blobs);

  const database = new Database(join(dir, DATABASE_FILE), { busyTimeoutMs, cacheKb });
  const bell = new Bell(dir, log);
  const feed = new SqliteFeed(database, bell, { clock, log, lookMs });
  const cache = new RowCache(database, rowsKb);
  const committer = new Committer(
    database,
    cache,
    () => clock.now(),
    (changes) => feed.committed(changes),
    options.gather ?? true,
  );
  const stopSweep = startSweep(database, cache, { clock, log, everyMs, pauseMs: 50, page: 200, feedAgeMs: 600_000 });

  let closed = false;
  const close = async () => {
    if (closed) return;
    closed = true;
    stopSweep();
    committer.close();
    feed.close();
    database.close();
    await bell.close();
  };
  return { table: new SqliteTable(database, committer, cache), feed, blobs, close };
}
