/** Real stores for tests: a fresh one each time, gone when the test is over. */
import { rm } from 'node:fs/promises';
import { onTestFinished } from 'vitest';
import { makeStore, type StoreKind, type TestStore, type TestStoreOptions } from './make-store.ts';

export { makeStore, STORES, type StoreKind, type TestStore, temporaryFolder } from './make-store.ts';

/** A store that the running test owns: it is closed and removed when the test finishes. */
export async function openTestStore(kind: StoreKind = 'sqlite', options: TestStoreOptions = {}): Promise<TestStore> {
  const store = await makeStore(kind, options);
  onTestFinished(async () => {
    await store.close();
    if (!options.dir) await rm(store.dir, { recursive: true, force: true });
  });
  return store;
}
