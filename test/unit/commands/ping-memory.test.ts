import { describe, expect, test } from 'vitest';
import { type PingMemory, pingMemoryOf, same, writePingMemory } from '../../../lib/commands/ping-memory.ts';
import { deviceOf } from '../../../lib/identity/device-rows.ts';
import type { DeviceId, FolderId, MailboxId } from '../../../lib/ops/ids.ts';
import { ConditionFailed, OutcomeUnknown, StoreConflict, type Table } from '../../../lib/store/ports.ts';

const M = 'm' as MailboxId;
const D = 'd' as DeviceId;
const f = (name: string) => name as FolderId;
const BEFORE: PingMemory = {
  heartbeatS: 60,
  folders: [f('a'), f('b')],
  policyEpoch: 1,
  wipeEpoch: 2,
  strikes: { [f('a')]: 1, [f('b')]: 2 },
};

function table(errors: Error[] = []) {
  const asked: unknown[] = [];
  const fake = {
    transact: async ([write]: unknown[]) => {
      asked.push(write);
      const error = errors.shift();
      if (error) throw error;
    },
  } as unknown as Table;
  return { fake, asked };
}

describe('what is remembered of a device’s Pings', () => {
  test('came with the device, and is nothing where there is nothing', () => {
    const memoryOf = (row: object) => pingMemoryOf(deviceOf({ pk: 'p', sk: 'D#d', ...row }));
    expect(memoryOf({ ping: BEFORE })).toEqual(BEFORE);
    for (const row of [{}, { ping: null }, { ping: 7 }]) expect(memoryOf(row)).toEqual({});
  });

  test.each<[string, PingMemory, boolean]>([
    ['nothing', BEFORE, true],
    ['the order of its counts', { ...BEFORE, strikes: { [f('b')]: 2, [f('a')]: 1 } }, true],
    ['its interval', { ...BEFORE, heartbeatS: 61 }, false],
    ['its policy', { ...BEFORE, policyEpoch: 2 }, false],
    ['its wipes', { ...BEFORE, wipeEpoch: 3 }, false],
    ['one folder', { ...BEFORE, folders: [f('a'), f('c')] }, false],
    ['one folder more', { ...BEFORE, folders: [f('a'), f('b'), f('c')] }, false],
    ['the order of its folders', { ...BEFORE, folders: [f('b'), f('a')] }, false],
    ['all folders', { ...BEFORE, folders: undefined }, false],
    ['one count', { ...BEFORE, strikes: { [f('a')]: 1, [f('b')]: 3 } }, false],
    ['one count fewer', { ...BEFORE, strikes: { [f('a')]: 1 } }, false],
    ['all counts', { ...BEFORE, strikes: undefined }, false],
  ])('is written where it differs in %s', async (_, after, equal) => {
    expect(same(BEFORE, after)).toBe(equal);
    const { fake, asked } = table();
    await writePingMemory(fake, M, D, BEFORE, after);
    expect(asked).toHaveLength(equal ? 0 : 1);
  });

  test('is nothing twice where there are no folders and no counts', () => {
    expect(same({}, { folders: [], strikes: {} })).toBe(true);
  });

  test('is kept for devices that there are, without what is not known', async () => {
    const { fake, asked } = table();
    await writePingMemory(fake, M, D, {}, { heartbeatS: 60, strikes: undefined });
    expect(asked).toMatchObject([{ op: 'update', set: { ping: { heartbeatS: 60 } }, when: { row: 'present' } }]);
    expect(Object.keys((asked[0] as { set: { ping: object } }).set.ping)).toEqual(['heartbeatS']);
  });

  test('is not kept for a device without a partnership', async () => {
    const { fake, asked } = table([new ConditionFailed([0])]);
    await writePingMemory(fake, M, D, {}, BEFORE);
    expect(asked).toHaveLength(1);
  });

  test('is tried for four times', async () => {
    const errors = () => [new StoreConflict('x'), new OutcomeUnknown('x'), new StoreConflict('x')];
    const busy = table(errors());
    await writePingMemory(busy.fake, M, D, {}, BEFORE);
    expect(busy.asked).toHaveLength(4);
    const longer = table([...errors(), new OutcomeUnknown('x'), new StoreConflict('x')]);
    await expect(writePingMemory(longer.fake, M, D, {}, BEFORE)).rejects.toThrow(OutcomeUnknown);
    expect(longer.asked).toHaveLength(4);
    const bug = table([new TypeError('bug')]);
    await expect(writePingMemory(bug.fake, M, D, {}, BEFORE)).rejects.toThrow(TypeError);
  });
});
