import { describe, expect, test } from 'vitest';
import { CachedRequests } from '../../../../lib/commands/sync/cached.ts';
import { deviceOf } from '../../../../lib/identity/device-rows.ts';
import type { DeviceId, MailboxId } from '../../../../lib/ops/ids.ts';
import { ConditionFailed, StoreConflict, StoreUnavailable, type Table } from '../../../../lib/store/ports.ts';

const M = 'm' as MailboxId;
const D = 'd' as DeviceId;
const REQUEST = { HeartbeatInterval: 60 };
const STORED = JSON.stringify(REQUEST);

function cached(error?: Error) {
  const asked: unknown[] = [];
  const fake = {
    transact: async ([write]: unknown[]) => {
      asked.push(write);
      if (error) throw error;
    },
  } as unknown as Table;
  return { requests: new CachedRequests(fake), asked };
}
const device = (cachedSync?: string) => ({ id: D, cachedSync });

describe('the Sync that an empty one repeats', () => {
  test('came with the device, or there is none', () => {
    const { requests } = cached();
    expect(requests.of(deviceOf({ pk: 'p', sk: 'D#d', cachedSync: STORED }))).toEqual(REQUEST);
    for (const row of [{}, { cachedSync: 7 }])
      expect(requests.of(deviceOf({ pk: 'p', sk: 'D#d', ...row }))).toBeUndefined();
  });

  test('is written where it is another, for a device that there is', async () => {
    const { requests, asked } = cached();
    await requests.store(M, device(STORED), REQUEST);
    await requests.store(M, device(), undefined);
    expect(asked).toEqual([]);
    await requests.store(M, device(), REQUEST);
    await requests.store(M, device(STORED), undefined);
    expect(asked).toMatchObject([
      { op: 'update', set: { cachedSync: STORED }, when: { row: 'present' } },
      { op: 'update', remove: ['cachedSync'], when: { row: 'present' } },
    ]);
  });

  test('is not kept where it is too large for the row of its device', async () => {
    const { requests, asked } = cached();
    const CollectionId = 'x'.repeat(100_000);
    await requests.store(M, device(STORED), { Collections: { Collection: [{ SyncKey: '1', CollectionId }] } });
    expect(asked).toMatchObject([{ op: 'update', remove: ['cachedSync'] }]);
  });

  test('may be lost to a request at the same time, and to no trouble of the store', async () => {
    for (const error of [new ConditionFailed([0]), new StoreConflict('x')]) {
      await expect(cached(error).requests.store(M, device(), REQUEST)).resolves.toBeUndefined();
    }
    const down = cached(new StoreUnavailable('x'));
    await expect(down.requests.store(M, device(), REQUEST)).rejects.toThrow(StoreUnavailable);
  });
});
