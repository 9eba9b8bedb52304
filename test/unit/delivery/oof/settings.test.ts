import { describe, expect, test } from 'vitest';
import { isAway, type OofChange, oofStore } from '../../../../lib/delivery/oof/settings.ts';
import type { MailboxId } from '../../../../lib/ops/ids.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { eachStore } from '../../../support/stores.ts';

const KIM = 'kim' as MailboxId;
const text = (words: string) => ({ enabled: true, text: words, html: false });

eachStore((open) => {
  describe('settings of an absence', () => {
    async function store() {
      const clock = new FakeClock();
      return oofStore((await open({ clock })).table, clock);
    }

    test('are off before anybody set them', async () => {
      const oof = await store();
      expect(await oof.get(KIM)).toMatchObject({ state: 0, messages: { internal: { enabled: false, text: '' } } });
    });

    test('stay as they are where a change does not mention them', async () => {
      const oof = await store();
      await oof.set(KIM, { state: 1, messages: { internal: text('A'), unknown: text('B') } });
      await oof.set(KIM, { messages: { unknown: text('C') } });
      expect(await oof.get(KIM)).toMatchObject({
        state: 1,
        messages: { internal: text('A'), known: { enabled: false }, unknown: text('C') },
      });
    });

    test('have times with state 2 alone [MS-ASCMD R3535]', async () => {
      const oof = await store();
      await oof.set(KIM, { state: 2, start: 10, end: 20 });
      expect(await oof.get(KIM)).toMatchObject({ state: 2, start: 10, end: 20 });
      await oof.set(KIM, { state: 1, start: 10, end: 20 });
      const after = await oof.get(KIM);
      expect([after.state, after.start, after.end]).toEqual([1, undefined, undefined]);
    });

    test('begin a new absence where state or times change, and not where a text does', async () => {
      const oof = await store();
      const periods: string[] = [];
      const changes: OofChange[] = [
        { state: 1 },
        { messages: { internal: text('x') } },
        { state: 1 },
        { state: 0 },
        { state: 1 },
        { state: 2, start: 1, end: 2 },
        { state: 2, start: 1, end: 2, messages: { known: text('y') } },
        { state: 2, start: 1, end: 3 },
      ];
      for (const change of changes) periods.push((await oof.set(KIM, change)).period);
      const [on, worded, again, off, anew, timed, same, longer] = periods;
      expect([worded, again]).toEqual([on, on]);
      expect(same).toBe(timed);
      expect(new Set([on, off, anew, timed, longer]).size).toBe(5);
    });

    test('of two requests at once are both kept', async () => {
      const oof = await store();
      await Promise.all([
        oof.set(KIM, { messages: { internal: text('A') } }),
        oof.set(KIM, { messages: { known: text('B') } }),
        oof.set(KIM, { state: 1 }),
      ]);
      expect(await oof.get(KIM)).toMatchObject({ state: 1, messages: { internal: text('A'), known: text('B') } });
    });
  });
});

describe('somebody is away', () => {
  const base = { period: 'p', messages: {} as never };
  test.each([
    [{ ...base, state: 0 }, 5, false],
    [{ ...base, state: 1 }, 5, true],
    [{ ...base, state: 2, start: 5, end: 7 }, 4, false],
    [{ ...base, state: 2, start: 5, end: 7 }, 5, true],
    [{ ...base, state: 2, start: 5, end: 7 }, 6, true],
    [{ ...base, state: 2, start: 5, end: 7 }, 7, false],
  ] as const)('%j at %i: %s', (settings, now, away) => {
    expect(isAway(settings, now)).toBe(away);
  });
});
