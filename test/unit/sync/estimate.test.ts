import { describe, expect, test } from 'vitest';
import type { Folder, LogPage, LogRow, Mailbox, Watermark } from '../../../lib/mailbox/types.ts';
import type { DeviceId, ItemId } from '../../../lib/ops/ids.ts';
import { ESTIMATE_LIMIT, estimate } from '../../../lib/sync/estimate.ts';
import { cutOff } from '../../../lib/sync/filter.ts';
import { type Position, startingPosition } from '../../../lib/sync/position.ts';
import { EVERYTHING } from '../../../lib/sync/ranges.ts';
import type { SyncState } from '../../../lib/sync/states.ts';

const NOW = Date.UTC(2026, 0, 15, 12);

const rows = (count: number, from = 1): LogRow[] =>
  Array.from({ length: count }, (_, n) => ({
    item: `i${from + n}` as ItemId,
    seq: from + n,
    n: 0,
    prev: from + n - 1,
    kind: 'change',
    at: 0,
  }));

/** A log of these pages, and a folder whose page of items is as long as it is told. */
function folderOf(given: { pages?: LogRow[][]; gone?: boolean; count?: number; listed?: number } = {}) {
  const asked = { log: [] as Watermark[], page: [] as object[] };
  const pages = given.pages ?? [];
  const mailbox = {
    log: async (_: string, after: Watermark): Promise<LogPage> => {
      const page = pages[asked.log.length] ?? [];
      asked.log.push(after);
      const upTo = page.at(-1) ?? after;
      return { rows: page, upTo, more: asked.log.length < pages.length, gone: given.gone ?? false };
    },
    page: async (_: string, range: object) => {
      asked.page.push(range);
      return Array(given.listed ?? 0).fill({});
    },
  } as unknown as Mailbox;
  const seq = pages.flat().length + (given.gone ? 9 : 0);
  return { mailbox, asked, folder: { id: 'f', seq, count: given.count ?? 0 } as unknown as Folder };
}

function ask(of: ReturnType<typeof folderOf>, over: Partial<Position> = {}, filterType = 0) {
  const position = { ...startingPosition({ seq: 0, n: 0 }, cutOff(filterType, NOW), filterType), ...over };
  const state = { generation: 'g', own: [] } as unknown as SyncState;
  const { mailbox, folder } = of;
  return estimate({ mailbox, device: 'd' as DeviceId, folder, state, position, filterType, now: NOW });
}

describe('an estimate', () => {
  test('counts what the log has to tell, over all its pages', async () => {
    const two = folderOf({ pages: [rows(3), [...rows(2, 2), ...rows(2, 4)]] });
    // i2 and i3 come in both.
    expect(await ask(two, { held: EVERYTHING })).toBe(5);
    expect(two.asked.log).toMatchObject([
      { seq: 0, n: 0 },
      { seq: 3, n: 0 },
    ]);
    expect(two.asked.page).toEqual([]);
  });

  test('does not read a log that has not moved', async () => {
    const still = folderOf();
    expect(await ask(still, { held: EVERYTHING })).toBe(0);
    expect(still.asked.log).toEqual([]);
  });

  test('is none where the log is gone', async () => {
    expect(await ask(folderOf({ gone: true }), { held: EVERYTHING })).toBeUndefined();
    expect(await ask(folderOf({ gone: true, count: 7 }))).toBeUndefined();
  });

  test('of a folder that was never told is its count', async () => {
    const fresh = folderOf({ count: 7 });
    expect(await ask(fresh)).toBe(7);
    expect(fresh.asked.page).toEqual([]);
  });

  test('of mail counts no text messages, which are counted with the folder', async () => {
    const texts = { id: '4abc' };
    const fresh = folderOf({ count: 7 });
    const mailbox = { ...fresh.mailbox, page: async () => [texts, texts, texts] } as unknown as Mailbox;
    const mail = { ...fresh, mailbox, folder: { ...fresh.folder, class: 'Email' } as Folder };
    expect(await ask(mail)).toBe(4);
    expect(await ask(mail, { sms: { goal: '4', filterType: 0 } })).toBe(4);
  });

  test('counts what is within the filter and missing, and what left it', async () => {
    const goal = cutOff(3, NOW);
    const missing = folderOf({ count: 70, listed: 4 });
    expect(await ask(missing, {}, 3)).toBe(4);
    expect(missing.asked.page).toEqual([{ below: undefined, from: goal, limit: ESTIMATE_LIMIT }]);
    const excess = folderOf({ count: 70, listed: 4 });
    expect(await ask(excess, { held: EVERYTHING }, 3)).toBe(4);
    expect(excess.asked.page).toEqual([{ below: goal, from: undefined, limit: ESTIMATE_LIMIT }]);
  });

  test('ends at 512, and reads no further [MS-ASCMD R3543]', async () => {
    const many = folderOf({ pages: [rows(512), rows(512, 513), rows(512, 1025)], count: 5000 });
    expect(await ask(many, { held: EVERYTHING }, 3)).toBe(512);
    expect([many.asked.log.length, many.asked.page.length]).toEqual([1, 0]);
    const almost = folderOf({ pages: [rows(511), rows(300, 512)], listed: 300 });
    expect(await ask(almost, { held: EVERYTHING }, 3)).toBe(512);
    expect([almost.asked.log.length, almost.asked.page.length]).toEqual([2, 0]);
    expect(await ask(folderOf({ count: 100_000 }))).toBe(512);
  });
});
