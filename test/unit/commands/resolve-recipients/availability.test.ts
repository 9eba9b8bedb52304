import { describe, expect, test } from 'vitest';
import {
  availabilityOf,
  type FreeBusy,
  MAX_AVAILABILITIES,
  NO_DATA,
  parseInterval,
} from '../../../../lib/commands/resolve-recipients/availability.ts';
import type { Account } from '../../../../lib/identity/types.ts';
import { StoreConflict, StoreUnavailable } from '../../../../lib/store/ports.ts';

const HOUR = 3_600_000;
const interval = { start: 0, end: 2 * HOUR };
const people = (count: number) => Array.from({ length: count }, (_, n) => ({ id: `p${n}` }) as unknown as Account);
const says =
  (...digits: readonly string[]) =>
  ({ id }: Account): FreeBusy =>
  async () =>
    digits[Number(id.slice(1)) % digits.length]!;

describe('the times of a recipient', () => {
  test('are his own', async () => {
    expect(await availabilityOf(says('0213'), { accounts: people(1), strangers: 0 }, interval, 0)).toEqual({
      Status: 1,
      MergedFreeBusy: '0213',
    });
  });

  test('of a group are one string, the higher digit of its members [MS-ASCMD R3315 R3321 R4625]', async () => {
    const group = { accounts: people(3), strangers: 0 };
    expect(await availabilityOf(says('0010', '0100', '0020'), group, interval, 0)).toEqual({
      Status: 1,
      MergedFreeBusy: '0120',
    });
  });

  test('of a group with somebody elsewhere are not known: he may be busy', async () => {
    const group = { accounts: people(1), strangers: 1 };
    expect(await availabilityOf(says('0000'), group, interval, 0)).toEqual({ Status: 1, MergedFreeBusy: '4444' });
  });

  test('are not known where a calendar says less than was asked', async () => {
    const group = { accounts: people(2), strangers: 0 };
    expect(await availabilityOf(says('22', '0300'), group, interval, 0)).toMatchObject({ MergedFreeBusy: '2344' });
    expect(await availabilityOf(says(''), group, interval, 0)).toMatchObject({ MergedFreeBusy: '4444' });
  });

  test('are no longer than 32 KB: the longest interval has 42 days [MS-ASCMD R3317]', async () => {
    const ask = (days: number) =>
      parseInterval('2026-01-01T00:00:00Z', new Date(Date.UTC(2026, 0, 1 + days)).toISOString());
    expect(ask(43)).toBeUndefined();
    const { MergedFreeBusy } = await availabilityOf(() => NO_DATA, { accounts: people(1), strangers: 0 }, ask(42)!, 0);
    expect(MergedFreeBusy).toHaveLength(42 * 48);
    expect(MergedFreeBusy!.length).toBeLessThanOrEqual(32_768);
  });

  test('of more than twenty say nothing [MS-ASCMD R4294 R4626]', async () => {
    const ask = (count: number, strangers: number) =>
      availabilityOf(says('0000'), { accounts: people(count), strangers }, interval, 0);
    expect(await ask(20, 0)).toMatchObject({ Status: 1 });
    expect(await ask(20, 1)).toEqual({ Status: 161 });
    expect(await ask(21, 0)).toEqual({ Status: 161 });
  });

  test('are told of a hundred in one request', async () => {
    const one = { accounts: people(1), strangers: 0 };
    expect(await availabilityOf(() => NO_DATA, one, interval, MAX_AVAILABILITIES - 1)).toMatchObject({ Status: 1 });
    expect(await availabilityOf(() => NO_DATA, one, interval, MAX_AVAILABILITIES)).toEqual({ Status: 160 });
  });

  test.each([
    [new StoreUnavailable(), 162],
    [new StoreConflict(), 162],
    [new Error('a calendar that cannot be read'), 163],
  ])('that cannot be had because of %s are %i [MS-ASCMD R4298]', async (error, Status) => {
    const fails = () => () => Promise.reject(error);
    expect(await availabilityOf(fails, { accounts: people(1), strangers: 0 }, interval, 0)).toEqual({ Status });
  });

  test('of a group of nobody are not to be had', async () => {
    expect(await availabilityOf(() => NO_DATA, { accounts: [], strangers: 0 }, interval, 0)).toEqual({ Status: 163 });
  });
});
