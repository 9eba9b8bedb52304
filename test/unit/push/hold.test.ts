import { describe, expect, it } from 'vitest';
import type { EasResponse } from '../../../lib/http/types.ts';
import type { FolderId, MailboxId } from '../../../lib/ops/ids.ts';
import { settle } from '../../support/fake-clock.ts';
import { added, calendar, encodeOutcome, found, inbox, later, mailbox, NOTHING, World } from './support.ts';

const MINUTE = 60_000;

describe('a held request', () => {
  it('is registered before the first look, and its row is gone after the answer', async () => {
    const world = new World();
    const seen: number[] = [];
    const probe = world.hold();
    const { look } = probe.spec;
    probe.spec.look = () => {
      seen.push(world.table.rows('W#').length);
      return look();
    };
    await settle();
    expect(seen).toEqual([1]);
    expect(world.table.rows('W#')[0]).toMatchObject({ task: 'task1', epoch: 'task1-boot1', kind: 'ping' });
    probe.sight = found(inbox);
    await world.wake(added(1));
    expect(probe.outcomes).toEqual([{ kind: 'changes', folders: [inbox] }]);
    expect(world.table.rows('W#')).toEqual([]);
    expect(world.holder.held).toBe(0);
  });

  it('is answered at once when the first look finds news', async () => {
    const world = new World();
    const probe = await world.waiting({ sight: found(inbox) });
    expect(probe.outcomes).toEqual([{ kind: 'changes', folders: [inbox] }]);
    expect(probe.looks).toBe(1);
  });

  it('waits out its heartbeat, no shorter [MS-ASCMD R5638]', async () => {
    const world = new World();
    const begun = world.clock.now();
    const probe = await world.waiting({ heartbeatMs: 10 * MINUTE });
    await world.clock.advance(10 * MINUTE - 1);
    expect(probe.outcomes).toEqual([]);
    await world.clock.advance(50);
    expect(probe.outcomes).toEqual([{ kind: 'expired', folders: [] }]);
    expect(probe.answeredAt! - begun).toBeLessThanOrEqual(10 * MINUTE + 25);
  });

  it('ends early when an item is added [MS-ASCMD R5639]', async () => {
    const world = new World();
    const probe = await world.waiting();
    await world.clock.advance(MINUTE);
    probe.sight = found(inbox);
    await world.wake(added(7));
    expect(probe.outcomes).toEqual([{ kind: 'changes', folders: [inbox] }]);
  });

  it('does not end early for flags and deletions, but tells them at the end [MS-ASCMD R5641]', async () => {
    const world = new World();
    const probe = await world.waiting({ heartbeatMs: 5 * MINUTE, folders: [inbox, calendar] });
    probe.sight = later(calendar);
    await world.wake({ folder: calendar, seq: 9, added: 2 });
    await world.clock.advance(5 * MINUTE - 100);
    expect(probe.outcomes).toEqual([]);
    await world.clock.advance(200);
    expect(probe.outcomes).toEqual([{ kind: 'expired', folders: [calendar] }]);
  });

  it('tells held back changes after the time that is set for them', async () => {
    const world = new World({ laterMs: 30_000 });
    const probe = await world.waiting();
    probe.sight = later(inbox);
    await world.wake({ seq: 3, added: 1 });
    await world.clock.advance(29_900);
    expect(probe.outcomes).toEqual([]);
    await world.clock.advance(200);
    expect(probe.outcomes).toEqual([{ kind: 'changes', folders: [inbox] }]);
  });

  it('tells what was held back together with an addition, in the order in which it was asked', async () => {
    const world = new World();
    const probe = await world.waiting({ folders: [calendar, inbox] });
    probe.sight = { now: [inbox], later: [calendar], hierarchy: false };
    await world.wake(added(1));
    expect(probe.outcomes).toEqual([{ kind: 'changes', folders: [calendar, inbox] }]);
  });

  it('goes on waiting after a look that finds nothing for it', async () => {
    const world = new World();
    const probe = await world.waiting();
    await world.wake(added(1));
    expect(probe.looks).toBe(2);
    expect(probe.outcomes).toEqual([]);
  });

  it('says to a look that somebody woke it, and to no other', async () => {
    const world = new World();
    const probe = world.hold();
    const woken: (boolean | undefined)[] = [];
    const { look } = probe.spec;
    probe.spec.look = (by) => {
      woken.push(by);
      return look();
    };
    await settle();
    await world.wake(added(1));
    await world.clock.advance(6 * MINUTE);
    expect(woken).toEqual([false, true, false]);
  });

  it('ends when the hierarchy, the policy or a wipe concerns the device', async () => {
    const world = new World();
    const probe = await world.waiting();
    probe.sight = { ...NOTHING, hierarchy: true };
    await world.wake({ folder: undefined });
    expect(probe.outcomes).toEqual([{ kind: 'hierarchy' }]);
  });

  it('is forgotten when the client goes away', async () => {
    const world = new World();
    const probe = await world.waiting();
    probe.abandon();
    probe.abandon();
    await settle();
    expect([world.holder.held, world.table.rows('W#').length, probe.outcomes.length]).toEqual([0, 0, 0]);
    probe.sight = found(inbox);
    await world.wake(added(1));
    await world.clock.advance(20 * MINUTE);
    expect([probe.outcomes, probe.responses]).toEqual([[], []]);
  });

  it('leaves no row behind when the client goes away while it is being registered', async () => {
    const world = new World();
    const probe = world.hold();
    probe.abandon();
    await settle();
    expect(world.table.rows('W#')).toEqual([]);
    expect(probe.looks).toBe(0);
  });
});

describe('wakes', () => {
  it.each([
    ['another mailbox', { mailbox: 'berta' as MailboxId, ...added(5) }],
    ['a folder that it does not watch', { folder: 'sent' as FolderId, ...added(5) }],
  ])('of %s cost no look', async (_, wake) => {
    const world = new World();
    const probe = await world.waiting();
    await world.wake(wake);
    expect(probe.looks).toBe(1);
  });

  it('that come twice or out of order cost one look', async () => {
    const world = new World();
    const probe = await world.waiting();
    await world.wake(added(5));
    await world.wake(added(5));
    await world.wake(added(4));
    expect(probe.looks).toBe(2);
  });

  it('of flags and deletions cost no look of their own once the additions are known', async () => {
    const world = new World();
    const probe = await world.waiting({ heartbeatMs: MINUTE });
    await world.wake(added(5));
    for (let seq = 6; seq < 100; seq++) await world.wake({ seq, added: 5 });
    expect(probe.looks).toBe(2);
    probe.sight = later(inbox);
    await world.clock.advance(MINUTE + 50);
    expect(probe.looks).toBe(3);
    expect(probe.outcomes).toEqual([{ kind: 'expired', folders: [inbox] }]);
  });

  it('during a look bring another one', async () => {
    const world = new World();
    const probe = world.hold();
    let release = () => {};
    const { look } = probe.spec;
    probe.spec.look = async () => {
      const sight = await look();
      if (probe.looks === 1) await new Promise<void>((resolve) => (release = resolve));
      return sight;
    };
    await settle();
    probe.sight = found(inbox);
    await world.wake(added(1));
    expect(probe.looks).toBe(1);
    release();
    await settle();
    expect(probe.looks).toBe(2);
    expect(probe.outcomes).toEqual([{ kind: 'changes', folders: [inbox] }]);
  });

  it('with lower numbers count again after the state changed, as it does by a restore', async () => {
    const world = new World();
    const probe = await world.waiting();
    await world.wake(added(500));
    await world.wake({ folder: undefined });
    probe.sight = found(inbox);
    await world.wake(added(3));
    expect(probe.outcomes).toHaveLength(1);
  });

  it('without numbers, of a folder that is gone, bring a look', async () => {
    const world = new World();
    const probe = await world.waiting();
    probe.sight = { ...NOTHING, hierarchy: true };
    await world.wake({});
    expect(probe.outcomes).toEqual([{ kind: 'hierarchy' }]);
  });
});

describe('the sweep', () => {
  it('finds within six minutes what no wake told', async () => {
    const world = new World();
    const probe = await world.waiting({ heartbeatMs: 50 * MINUTE });
    probe.sight = found(inbox);
    await world.clock.advance(6 * MINUTE);
    expect(probe.outcomes).toEqual([{ kind: 'changes', folders: [inbox] }]);
  });

  it('looks about once in five minutes at each, and never at more than the limit at once', async () => {
    const world = new World({ looks: 2 });
    const probes = [];
    let [running, most] = [0, 0];
    for (let n = 0; n < 20; n++) {
      const probe = world.hold({ mailbox: `m${n}` as MailboxId, heartbeatMs: 59 * MINUTE });
      const { look } = probe.spec;
      probe.spec.look = async () => {
        most = Math.max(most, ++running);
        await Promise.resolve();
        running--;
        return look();
      };
      probes.push(probe);
    }
    await world.clock.advance(58 * MINUTE);
    expect(most).toBeLessThanOrEqual(2);
    for (const { looks } of probes) expect(looks).toBe(12);
  });

  it('rechecks everything after a transport was away', async () => {
    const world = new World();
    const probes = [await world.waiting(), await world.waiting({ mailbox: 'berta' as MailboxId })];
    for (const probe of probes) probe.sight = found(inbox);
    world.holder.recheck(1000);
    await world.clock.advance(1025);
    for (const { outcomes } of probes) expect(outcomes).toHaveLength(1);
  });
});

describe('trouble', () => {
  it('of a look is tried again, and a change is found by the next one', async () => {
    const world = new World();
    const probe = await world.waiting();
    probe.trouble = true;
    await world.wake(added(1));
    probe.trouble = false;
    probe.sight = found(inbox);
    await world.clock.advance(1100);
    expect(probe.outcomes).toEqual([{ kind: 'changes', folders: [inbox] }]);
  });

  it('that stays is status 8 for Ping: failed after four looks', async () => {
    const world = new World();
    const probe = await world.waiting({ trouble: true });
    await world.clock.advance(20_000);
    expect(probe.outcomes).toEqual([]);
    await world.clock.advance(5_000);
    expect(probe.looks).toBe(4);
    expect(probe.outcomes).toEqual([{ kind: 'failed' }]);
  });

  it('is waited out by a request that was looked at before, and what came meanwhile is told when it ends', async () => {
    const world = new World();
    const probe = await world.waiting({ heartbeatMs: 59 * MINUTE });
    probe.trouble = true;
    await world.wake(added(1));
    await world.clock.advance(20 * MINUTE);
    expect(probe.looks).toBeGreaterThan(6);
    expect(probe.outcomes).toEqual([]);
    probe.trouble = false;
    probe.sight = found(inbox);
    // No longer than a sweep and what varies of it.
    await world.clock.advance(6.5 * MINUTE);
    expect(probe.outcomes).toEqual([{ kind: 'changes', folders: [inbox] }]);
  });

  it('that lasts to the end of the heartbeat is no error for a request that was looked at before', async () => {
    const world = new World();
    const probe = await world.waiting({ heartbeatMs: 30 * MINUTE });
    probe.trouble = true;
    await world.clock.advance(30 * MINUTE + 100);
    expect(probe.outcomes).toEqual([{ kind: 'expired', folders: [] }]);
  });

  it('counts only looks that fail in a row', async () => {
    const world = new World();
    const probe = await world.waiting({ heartbeatMs: 59 * MINUTE });
    for (let round = 0; round < 8; round++) {
      probe.trouble = true;
      await world.wake(added(round + 1));
      probe.trouble = false;
      await world.clock.advance(MINUTE);
    }
    expect(probe.outcomes).toEqual([]);
  });

  it('of the registration is tried again', async () => {
    const world = new World();
    let refusals = 2;
    world.table.before = (operation) => {
      if (operation === 'transact' && refusals-- > 0) throw new Error('throttled');
    };
    const probe = await world.waiting({ sight: found(inbox) });
    expect(probe.looks).toBe(0);
    await world.clock.advance(1100);
    expect(probe.outcomes).toEqual([{ kind: 'changes', folders: [inbox] }]);
  });

  it('of the registration that stays is failed, never a request that nobody could wake', async () => {
    const world = new World();
    world.table.before = (operation) => {
      if (operation === 'transact') throw new Error('throttled');
    };
    const probe = await world.waiting();
    await world.clock.advance(30_000);
    expect(probe.outcomes).toEqual([{ kind: 'failed' }]);
  });

  it('of a look that hangs at the end of the heartbeat costs two seconds and no more', async () => {
    const world = new World();
    const probe = await world.waiting({ heartbeatMs: MINUTE });
    probe.spec.look = () => new Promise(() => {});
    await world.wake(added(1));
    await world.clock.advance(MINUTE + 2_100);
    expect(probe.outcomes).toEqual([{ kind: 'expired', folders: [] }]);
  });

  it('of a look that ends with the heartbeat: what came meanwhile gets another one', async () => {
    const world = new World();
    const probe = await world.waiting({ heartbeatMs: MINUTE });
    let release = () => {};
    const { look } = probe.spec;
    probe.spec.look = async () => {
      const sight = await look();
      if (probe.looks === 2) await new Promise<void>((resolve) => (release = resolve));
      return sight;
    };
    await world.wake(added(1));
    await world.clock.advance(MINUTE + 100);
    probe.sight = later(inbox);
    await world.wake({ seq: 2, added: 1 });
    release();
    await settle();
    expect(probe.outcomes).toEqual([{ kind: 'expired', folders: [inbox] }]);
  });

  it('is failed when the heartbeat ends before any look succeeded', async () => {
    const world = new World();
    const probe = world.hold({ heartbeatMs: MINUTE });
    probe.spec.look = () => new Promise(() => {});
    await world.clock.advance(MINUTE + 2_100);
    expect(probe.outcomes).toEqual([{ kind: 'failed' }]);
  });

  it('of making the answer is 503, never 500', async () => {
    const world = new World();
    const probe = world.hold({ sight: found(inbox) });
    probe.spec.answer = () => {
      throw new Error('bug');
    };
    await settle();
    expect(probe.responses.map(({ status }) => status)).toEqual([503]);
  });

  it('of an answer made later is 503 as well', async () => {
    const world = new World();
    const probe = world.hold({ sight: found(inbox) });
    probe.spec.answer = () => Promise.reject(new Error('bug'));
    await settle();
    expect(probe.responses.map(({ status }) => status)).toEqual([503]);
  });

  it('of too many requests sends the newest away', async () => {
    const world = new World({ maxHeld: 1 });
    const first = await world.waiting();
    const second = await world.waiting({ mailbox: 'berta' as MailboxId });
    expect(first.outcomes).toEqual([]);
    expect(second.outcomes).toEqual([{ kind: 'failed' }]);
  });
});

describe('the answer', () => {
  it('waits for the place where it goes', async () => {
    const world = new World();
    const probe = world.hold({ mailbox, sight: found(inbox) });
    const held = world.holder.hold({ ...probe.spec, mailbox: 'berta' as MailboxId }, encodeOutcome);
    await settle();
    const responses: EasResponse[] = [];
    held.complete((response) => responses.push(response));
    held.complete((response) => responses.push(response));
    expect(responses).toHaveLength(1);
  });

  it('is dropped when the client went away while it was being made', async () => {
    const world = new World();
    const probe = world.hold({ sight: found(inbox) });
    let make = () => {};
    probe.spec.answer = (outcome) => new Promise((resolve) => (make = () => resolve(outcome)));
    await settle();
    probe.abandon();
    make();
    await settle();
    expect(probe.responses).toEqual([]);
  });

  it('comes once, whatever ends it at the same moment', async () => {
    const world = new World();
    const probe = await world.waiting({ heartbeatMs: MINUTE });
    probe.sight = found(inbox);
    world.holder.wake([{ mailbox, folder: inbox, seq: 1, added: 1 }]);
    const newer = world.hold({ sight: NOTHING });
    void world.holder.drain(1000);
    await world.clock.advance(2 * MINUTE);
    await world.holder.close();
    expect(probe.outcomes).toHaveLength(1);
    expect(probe.responses).toHaveLength(1);
    expect(newer.outcomes).toHaveLength(1);
  });

  it('has a key and a deadline for the host', () => {
    const world = new World();
    const { spec } = world.hold();
    const held = [1, 2].map((n) => world.holder.hold({ ...spec, mailbox: `m${n}` as MailboxId }, encodeOutcome));
    expect(held[0]!.key).not.toBe(held[1]!.key);
    expect(held.map(({ deadline, kind }) => [deadline, kind])).toEqual([
      [spec.deadline, 'held'],
      [spec.deadline, 'held'],
    ]);
  });
});
