/** Real stores for tests: a fresh one each time, gone when the test is over. */
import { rm } from 'node:fs/promises';
import { describe, onTestFinished } from 'vitest';
import {
  makeStore,
  STORES,
  type StoreKind,
  storeMissing,
  type TestStore,
  type TestStoreOptions,
} from './make-store.ts';

export { makeStore, STORES, type StoreKind, type TestStore, temporaryFolder } from './make-store.ts';

/** A store that the running test owns: it is closed when the test finishes, and a folder made for it is removed. */
export async function openTestStore(kind: StoreKind = 'sqlite', options: TestStoreOptions = {}): Promise<TestStore> {
  const store = await makeStore(kind, options);
  onTestFinished(async () => {
    await store.close();
    if (!options.dir) await rm(store.dir, { recursive: true, force: true });
  });
  return store;
}

/** Runs a suite once for every engine, or those of `kinds`; where one cannot run, its suite says why it is skipped. */
export function eachStore(
  suite: (open: (options?: TestStoreOptions) => Promise<TestStore>, kind: StoreKind) => void,
  kinds: readonly StoreKind[] = STORES,
): void {
  for (const kind of kinds) {
    const reason = storeMissing(kind);
    if (reason) {
      // Loudly: a run that proves less than it seems to must say so.
      console.warn(`SKIPPED the suite over ${kind}: ${reason}`);
    }
    describe.skipIf(reason !== undefined)(reason ? `${kind} (skipped: ${reason})` : kind, () =>
      suite((options) => openTestStore(kind, options), kind),
    );
  }
}
