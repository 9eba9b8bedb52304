import { describe, expect, test } from 'vitest';
import type { Folder, Item, Mailbox } from '../../../lib/mailbox/types.ts';
import { type FolderId, type ItemId, SMS_IDS, smsId, ulidFor } from '../../../lib/ops/ids.ts';
import { type BesideInput, besideOf, type Conversations } from '../../../lib/sync/beside.ts';
import { cutOff, smsCutOff } from '../../../lib/sync/filter.ts';
import { type Position, startingPosition } from '../../../lib/sync/position.ts';

const NOW = Date.UTC(2026, 0, 15, 12);
const DAY = 86_400_000;
const GOAL = cutOff(1, NOW);
const F = 'f' as FolderId;
const id = (name: string, days: number) => ulidFor(NOW - days * DAY, name);

/** A message of a conversation, so many days old. */
const message = (name: string, days: number, over: object = {}) =>
  ({
    id: id(name, days),
    content: { conversationId: `of-${name}`, conversationIndex: '', ...over },
  }) as unknown as Item;
const reply = { references: ['<x@y>'] };

function open(items: readonly Item[] = [], found: readonly ItemId[] = []) {
  const asked = { pages: [] as object[], threads: [] as Parameters<Conversations>[1][] };
  const mailbox = {
    page: async (_: FolderId, { below, from, limit }: { below: string; from: string; limit: number }) => {
      asked.pages.push({ below, from, limit });
      return items
        .filter((item) => item.id < below && item.id >= from)
        .sort((a, b) => (a.id > b.id ? -1 : 1))
        .slice(0, limit);
    },
  } as unknown as Mailbox;
  const look = (over: Partial<BesideInput> = {}, position: Partial<Position> = {}, goal = GOAL) =>
    besideOf(
      {
        mailbox,
        folder: { id: F, seq: 5 } as Folder,
        conversations: async (_mailbox, wanted) => {
          asked.threads.push(wanted);
          return found;
        },
        now: NOW,
        ...over,
      },
      { ...startingPosition({ seq: 5, n: 0 }, GOAL, 1), ...position },
      goal,
    );
  return { asked, look };
}

describe('text messages beside mail', () => {
  test('are wanted from their own cut-off on, or not at all', async () => {
    const { look } = open();
    expect(await look({ conversations: undefined })).toEqual({});
    expect(await look({ conversations: undefined, sms: 1 })).toEqual({
      sms: { goal: smsCutOff(1, NOW), filterType: 1 },
    });
    expect(smsCutOff(0, NOW)).toBe(SMS_IDS.from);
    expect(smsCutOff(1, NOW)).toBe(smsId(GOAL as ItemId));
  });

  test('keep their cut-off where the clock steps back a little', async () => {
    const { look } = open();
    const sms = { goal: smsCutOff(1, NOW + 2 * 3_600_000), filterType: 1 };
    expect(await look({ conversations: undefined, sms: 1 }, { sms })).toEqual({ sms });
    expect((await look({ conversations: undefined, sms: 2 }, { sms })).sms?.goal).toBe(smsCutOff(2, NOW));
  });
});

describe('old messages of conversations that go on', () => {
  const old = (name: string, days = 30) => id(name, days);

  test('are asked for at once, the newest five hundred below the cut-off in this folder [MS-ASCMD R2107]', async () => {
    const items = [
      message('a', 0.1, reply),
      message('b', 0.2, { conversationIndex: '0'.repeat(46) }),
      message('a2', 0.3, { ...reply, conversationId: 'of-a' }),
    ];
    const { look, asked } = open(items, [old('a2', 20), old('b1', 30)]);
    expect(await look()).toEqual({ threads: [old('a2', 20), old('b1', 30)] });
    expect(asked.pages).toEqual([{ below: SMS_IDS.from, from: GOAL, limit: 128 }]);
    expect(asked.threads).toEqual([{ conversations: ['of-a', 'of-b'], folder: F, below: GOAL, limit: 500 }]);
  });

  test('are looked for only where a message answers something', async () => {
    const items = [message('a', 0.1), message('b', 0.2, { conversationIndex: '0'.repeat(44) })];
    const { look, asked } = open(items);
    expect(await look({ sms: 1 })).toMatchObject({ sms: { filterType: 1 }, threads: [] });
    expect(asked.threads).toEqual([]);
  });

  test('are not looked for where there is no cut-off, or where nothing moved', async () => {
    const { look, asked } = open([message('a', 0.1, reply)], [old('a1')]);
    expect(await look({}, {}, '')).toEqual({});
    expect(await look({ sms: 1 }, {}, '')).toMatchObject({ sms: { filterType: 1 } });
    const threads = [id('before', 9)];
    expect(await look({}, { threads })).toEqual({ threads });
    expect(asked.pages).toEqual([]);
    const now = { threads: [id('a1', 30)] };
    expect(await look({}, { threads, goal: cutOff(1, NOW - DAY) })).toEqual(now);
    expect(await look({}, { threads, log: { seq: 4, n: 0 } })).toEqual(now);
    expect(await look({}, {})).toEqual(now);
  });

  test('are looked for page by page, among two thousand messages and three hundred conversations', async () => {
    const many = (count: number, over: object) =>
      Array.from({ length: count }, (_, n) => message(`m${n}`, 0.9 - n / 3000, { ...over, conversationId: `c${n}` }));
    const quiet = open(many(2200, {}));
    await quiet.look();
    expect(quiet.asked.pages).toHaveLength(Math.ceil(2000 / 128));
    const loud = open(many(400, reply));
    await loud.look();
    expect(loud.asked.threads.map(({ conversations }) => conversations.length)).toEqual([300]);
    expect(loud.asked.pages).toHaveLength(3);
    const exact = open(many(128, {}));
    await exact.look();
    expect(exact.asked.pages).toHaveLength(2);
  });
});
