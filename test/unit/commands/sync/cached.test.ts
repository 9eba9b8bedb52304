import { describe, expect, test } from 'vitest';
import { CachedRequests } from '../../../../lib/commands/sync/cached.ts';
import type { DeviceId, MailboxId } from '../../../../lib/ops/ids.ts';
import { ConditionFailed, StoreConflict, StoreUnavailable, type Table } from '../../../../lib/store/ports.ts';

const M = 'm' as MailboxId;
const D = 'd' as DeviceId;
const REQUEST = { HeartbeatInterval: 60 };
const STORED = JSON.stringify(REQUEST);

function cached(row?: object, error?: Error) {
  const asked: unknown[] = [];
  const fake = {
    get: async (_: unknown, consistency: string) => {
      asked.push(consistency);
      return row;
    },
    transact: async ([write]: unknown[]) => {
      asked.push(write);
      if (error) throw error;
    },
  } as unknown as Table;
  return { requests: new CachedRequests(fake), asked };
}

describe('the Sync that an empty one repeats', () => {
  test('is read strongly, and none where there is none', async () => {
    const { requests, asked } = cached({ cachedSync: STORED });
    expect(requests.parse(await requests.read(M, D))).toEqual(REQUEST);
    expect(asked).toEqual(['strong']);
    for (const row of [undefined, {}, { cachedSync: 7 }]) expect(await cached(row).requests.read(M, D)).toBeUndefined();
    expect(requests.parse(undefined)).toBeUndefined();
  });

  test('is written where it is another, for a device that there is', async () => {
    const { requests, asked } = cached();
    await requests.store(M, D, REQUEST, STORED);
    await requests.store(M, D, undefined, undefined);
    expect(asked).toEqual([]);
    await requests.store(M, D, REQUEST, undefined);
    await requests.store(M, D, undefined, STORED);
    expect(asked).toMatchObject([
      { op: 'update', set: { cachedSync: STORED }, when: { row: 'present' } },
      { op: 'update', remove: ['cachedSync'], when: { row: 'present' } },
    ]);
  });

  test('is not kept where it is too large for the row of its device', async () => {
    const { requests, asked } = cached();
    const CollectionId = 'x'.repeat(100_000);
    await requests.store(M, D, { Collections: { Collection: [{ SyncKey: '1', CollectionId }] } }, STORED);
    expect(asked).toMatchObject([{ op: 'update', remove: ['cachedSync'] }]);
  });

  test('may be lost to a request at the same time, and to no trouble of the store', async () => {
    for (const error of [new ConditionFailed([0]), new StoreConflict('x')]) {
      await expect(cached({}, error).requests.store(M, D, REQUEST, undefined)).resolves.toBeUndefined();
    }
    const down = cached({}, new StoreUnavailable('x'));
    await expect(down.requests.store(M, D, REQUEST, undefined)).rejects.toThrow(StoreUnavailable);
  });
});
