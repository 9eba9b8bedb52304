import { describe, expect, it } from 'vitest';
import { measuredHolder } from '../../../lib/cloud/measured-holder.ts';
import { measuredLog } from '../../../lib/cloud/measured-log.ts';
import type { DeviceId, FolderId, MailboxId } from '../../../lib/ops/ids.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import type { Metrics } from '../../../lib/ops/metrics.ts';
import type { Holder, HoldSpec, Outcome, Sight } from '../../../lib/push/types.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function figures() {
  const all: (string | number)[][] = [];
  const metrics: Metrics = {
    add: (name, value, by) => void all.push(by === undefined ? [name, value] : [name, value, by]),
    flush() {},
  };
  return { all, metrics };
}

const M = 'm' as MailboxId;
const NOTHING: Sight = { now: [], later: [], hierarchy: false };
const MAIL: Sight = { ...NOTHING, now: ['5' as FolderId] };

function setup() {
  const { all, metrics } = figures();
  const clock = new FakeClock();
  let end: (outcome: Outcome) => unknown = () => {};
  let look: () => Promise<unknown> = async () => {};
  const sight: Sight[] = [];
  const calls: string[] = [];
  const inner = {
    held: 3,
    hold: (spec: HoldSpec<unknown>) => ({
      kind: 'held',
      key: 'k',
      deadline: spec.deadline,
      complete: (sink: (response: unknown) => void) => {
        end = (outcome) => sink(spec.answer(outcome));
        look = () => spec.look();
      },
      abandon: () => calls.push('abandon'),
    }),
    wake: () => calls.push('wake'),
    receive: () => calls.push('receive'),
    recheck: () => calls.push('recheck'),
  } as unknown as Holder;
  const holder = measuredHolder(inner, clock, metrics);
  const hold = () =>
    holder.hold(
      {
        kind: 'ping',
        mailbox: M,
        device: 'd' as DeviceId,
        deadline: clock.now() + 480_000,
        folders: ['5' as FolderId],
        look: async () => sight.shift() ?? NOTHING,
        answer: () => ({ status: 200, headers: {}, body: new Uint8Array(0) }),
      },
      (response) => response,
    );
  const changes = { kind: 'changes', folders: [] } as Outcome;
  const looks = (found: Sight = NOTHING) => {
    sight.push(found);
    return look();
  };
  return { all, clock, holder, hold, looks, end: (outcome: Outcome = changes) => end(outcome), calls };
}

describe('a measured holder', () => {
  it('counts the heartbeat that is asked for, and passes on what it is told', () => {
    const { all, hold, holder, calls } = setup();
    hold();
    expect(all).toEqual([['Heartbeat', 480]]);
    holder.wake([]);
    holder.receive({ wakes: [] });
    holder.recheck(5);
    expect(calls).toEqual(['wake', 'receive', 'recheck']);
    expect(holder.held).toBe(3);
  });

  it.each(['feed', 'fast-path'] as const)(
    'puts an answer down to the %s, and measures from the commit',
    async (cause) => {
      const { all, clock, hold, holder, end } = setup();
      hold().complete(() => {});
      holder.receive({ wakes: [{ mailbox: M, at: clock.now() - 40 }], cause });
      await clock.advance(100);
      end();
      expect(all.slice(1)).toEqual([
        ['Wakes', 1, cause],
        ['CommitToResponse', 140],
      ]);
    },
  );

  it('puts an answer that no wake came before down to the sweep, or to the look after a reconnection', async () => {
    const { all, clock, hold, holder, end } = setup();
    hold().complete(() => {});
    holder.receive({ wakes: [{ mailbox: M }] });
    await clock.advance(5000);
    end();
    expect(all.at(-1)).toEqual(['Wakes', 1, 'sweep']);
    hold().complete(() => {});
    holder.recheck(10_000);
    await clock.advance(5000);
    end({ kind: 'hierarchy' });
    expect(all.at(-1)).toEqual(['Wakes', 1, 'reconnect']);
  });

  it.each([
    ['mail', MAIL],
    ['a changed hierarchy', { ...NOTHING, hierarchy: true }],
  ])('counts no wake for %s that waited for the request: nobody was there to be woken', async (_, found) => {
    const { all, clock, hold, holder, looks, end } = setup();
    holder.receive({ wakes: [{ mailbox: M, at: clock.now() }], cause: 'feed' });
    await clock.advance(1000);
    hold().complete(() => {});
    await looks(found);
    end();
    expect(all).toEqual([['Heartbeat', 480]]);
  });

  it('counts the wake that came while the request looked for the first time', async () => {
    const { all, clock, hold, holder, looks, end } = setup();
    hold().complete(() => {});
    holder.receive({ wakes: [{ mailbox: M, at: clock.now() }], cause: 'feed' });
    await looks(MAIL);
    end();
    expect(all.at(-2)).toEqual(['Wakes', 1, 'feed']);
  });

  it('counts as lost what a later look finds, however early', async () => {
    const { all, hold, looks, end } = setup();
    hold().complete(() => {});
    await looks();
    await looks(MAIL);
    end();
    expect(all.at(-1)).toEqual(['Wakes', 1, 'sweep']);
  });

  it('does not count the end of a heartbeat as a wake', () => {
    const { all, hold, end } = setup();
    hold().complete(() => {});
    end({ kind: 'expired', folders: [] });
    expect(all).toEqual([['Heartbeat', 480]]);
  });

  it('counts how long a request was held until it was cut, and no closed connection after its answer', async () => {
    const { all, clock, hold, end, calls } = setup();
    const cut = hold();
    cut.complete(() => {});
    await clock.advance(300_000);
    cut.abandon();
    cut.abandon();
    expect(all.slice(1)).toEqual([['HeldUntilCut', 300]]);
    const answered = hold();
    answered.complete(() => {});
    end({ kind: 'expired', folders: [] });
    answered.abandon();
    expect(all.filter(([name]) => name === 'HeldUntilCut')).toHaveLength(1);
    expect(calls).toHaveLength(3);
  });
});

describe('a measured log', () => {
  const cases: readonly (readonly [string, string, Record<string, string | number | boolean>, unknown[][]])[] = [
    [
      'a command',
      'request',
      { command: 'Sync', status: 200, ms: 12 },
      [
        ['Commands', 1, 'Sync'],
        ['CommandLatency', 12, 'Sync'],
      ],
    ],
    ['a refused version', 'request', { status: 400, failure: 'http-400', ms: 1 }, []],
    [
      'trouble of the store',
      'request',
      { command: 'Sync', status: 200, failure: 'store', ms: 1 },
      [
        ['Commands', 1, 'Sync'],
        ['CommandLatency', 1, 'Sync'],
        ['Failures', 1, 'store'],
      ],
    ],
    ['a 503', 'request', { status: 503, ms: 1 }, [['Failures', 1, 'http-503']]],
    ['a client that went away', 'request', { status: 400, failure: 'client-gone', ms: 1 }, []],
    ['a bad login', 'login-refused', {}, [['LoginsRefused', 1]]],
    ['a message', 'delivered', { new: true }, [['MailDelivered', 1]]],
    ['a message again', 'delivered', { new: false }, []],
    ['a poison item', 'sync.item.skipped', {}, [['ItemsSkipped', 1]]],
    ['an item that a device dies of', 'sync.item.left-out', {}, [['ItemsSkipped', 1]]],
    [
      'a device that asks too much, and as no failure of the server',
      'request',
      { command: 'Sync', status: 503, failure: 'throttled-RecentCommands', ms: 1 },
      [
        ['Commands', 1, 'Sync'],
        ['CommandLatency', 1, 'Sync'],
        ['Throttled', 1, 'RecentCommands'],
      ],
    ],
    ['anything else', 'other', {}, []],
  ];
  it.each(cases)('counts %s', (_, event, fields, expected) => {
    const { all, metrics } = figures();
    measuredLog(silentLog, metrics).info(event, fields);
    expect(all).toEqual(expected);
  });
});
