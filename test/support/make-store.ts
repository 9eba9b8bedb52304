/** Real stores for hooks, benchmarks and programs; tests take `openTestStore` of `stores.ts`, which cleans up after them. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../lib/ops/clock.ts';
import { type Log, silentLog } from '../../lib/ops/log.ts';
import type { Store } from '../../lib/store/ports.ts';
import { openSqliteStore, type SqliteStoreOptions } from '../../lib/store/sqlite/open.ts';

export const STORES = ['sqlite'] as const;
export type StoreKind = (typeof STORES)[number];

export interface TestStoreOptions extends Partial<Omit<SqliteStoreOptions, 'dir'>> {
  readonly clock?: Clock;
  readonly log?: Log;
  /** A folder to open again; a fresh one when absent. */
  readonly dir?: string;
}

export interface TestStore extends Store {
  /** The data folder (SQLite) or that of the blobs. */
  readonly dir: string;
}

/** As `openTestStore` for hooks and benchmarks; the caller closes it and removes `dir`. */
export async function makeStore(kind: StoreKind, options: TestStoreOptions = {}): Promise<TestStore> {
  void kind;
  const dir = options.dir ?? (await temporaryFolder());
  const store = await openSqliteStore({ clock: systemClock, log: silentLog, ...options, dir });
  return { ...store, dir };
}

/** A fresh folder with a short path, since sockets are made in it. */
export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'dp-'));
}
