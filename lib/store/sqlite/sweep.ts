import type { Cancel, Clock } from '../../ops/clock.ts';
import { errorFields, type Log } from '../../ops/log.ts';
import type { TableName } from '../ports.ts';
import type { Database } from './database.ts';
import type { RowCache } from './row-cache.ts';

export interface SweepOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly everyMs: number;
  /** Between two pages of one sweep, so that requests get their turn. */
  readonly pauseMs: number;
  /** Rows deleted at a time. */
  readonly page: number;
  /** How long a feed row is kept for processes that did not look. */
  readonly feedAgeMs: number;
}

const TABLES: readonly TableName[] = ['mailboxes', 'devices', 'directory'];

/** Deletes expired rows and old feed rows, a page at a time. Several processes may sweep one folder. */
export function startSweep(db: Database, cache: RowCache, options: SweepOptions): Cancel {
  const { clock, log, everyMs, pauseMs } = options;
  let timer: Cancel = () => {};
  const again = () => {
    let more = false;
    try {
      more = sweepPage(db, cache, options);
    } catch (error) {
      log.warn('sweep.failed', errorFields(error));
    }
    timer = clock.after(more ? pauseMs : everyMs, again);
  };
  timer = clock.after(everyMs, again);
  return () => timer();
}

/** @returns whether a page was full, so that there may be more. */
function sweepPage(db: Database, cache: RowCache, { clock, page, feedAgeMs }: SweepOptions): boolean {
  const now = clock.now();
  let more = false;
  for (const table of TABLES) {
    // Asked first: a sweep that finds nothing takes no lock.
    const expired = db
      .sql(`SELECT pk, sk FROM ${table} WHERE ttl < ? ORDER BY ttl LIMIT ?`)
      .all(Math.floor(now / 1000), page) as unknown as [string, string][];
    if (expired.length === 0) continue;
    for (const [pk, sk] of expired) cache.forget({ table, pk, sk });
    const sql = `DELETE FROM ${table} WHERE ttl < ?1 AND (pk, sk) IN
      (SELECT value ->> 0, value ->> 1 FROM json_each(?2))`;
    db.sql(sql).run(Math.floor(now / 1000), JSON.stringify(expired));
    more ||= expired.length === page;
  }
  const oldest = now - feedAgeMs;
  const [found] = db
    .sql('SELECT count(*) FROM (SELECT 1 FROM feed WHERE at < ? LIMIT ?)')
    .get(oldest, page) as unknown as [number];
  if (found > 0)
    db.sql('DELETE FROM feed WHERE id IN (SELECT id FROM feed WHERE at < ? ORDER BY id LIMIT ?)').run(oldest, page);
  return more || found === page;
}
