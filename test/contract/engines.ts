/** The engines that the contract is checked on. */
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe } from 'vitest';
import { makeStore, type StoreKind, storeMissing, type TestStore } from '../support/make-store.ts';

const KINDS: readonly StoreKind[] = [
  'sqlite',
  'dynamo',
  'dynamodb-local',
  ...(process.env.DYNAMODB_ENDPOINT ? (['dynamodb-endpoint'] as const) : []),
];

/** Runs `suite` over every engine, on one store for all of its tests: each test takes partitions of its own. */
export function eachEngine(suite: (store: () => TestStore, kind: StoreKind) => void): void {
  for (const kind of KINDS) {
    const reason = storeMissing(kind);
    if (reason) console.warn(`SKIPPED the contract over ${kind}: ${reason}`);
    describe.skipIf(reason !== undefined)(reason ? `${kind} (skipped: ${reason})` : kind, () => {
      let store: TestStore;
      beforeAll(async () => {
        store = await makeStore(kind);
      }, 90_000);
      afterAll(async () => {
        await store?.close();
        if (store) await rm(store.dir, { recursive: true, force: true });
      });
      suite(() => store, kind);
    });
  }
}

let partitions = 0;

/** A partition that no other test has. */
export function freshPartition(): string {
  partitions++;
  return `U#${process.pid}-${Date.now()}-${partitions}`;
}
