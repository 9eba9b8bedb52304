import { describe, expect, it } from 'vitest';
import { createBriefHolder } from '../../../lib/cloud/brief-holder.ts';
import { LANE_COOKIE_SET } from '../../../lib/http/lane.ts';
import type { EasResponse, Held } from '../../../lib/http/types.ts';
import type { DeviceId, FolderId, MailboxId } from '../../../lib/ops/ids.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { noMetrics } from '../../../lib/ops/metrics.ts';
import type { HoldSpec, Outcome, Sight } from '../../../lib/push/types.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';

const QUIET: Sight = { now: [], later: [], hierarchy: false };
const F = '5' as FolderId;

function setup(sights: (Sight | Error)[], ms = 480_000) {
  const clock = new FakeClock();
  const began = clock.now();
  let looks = 0;
  const spec: HoldSpec<Outcome> = {
    kind: 'sync',
    mailbox: 'm' as MailboxId,
    device: 'd' as DeviceId,
    deadline: clock.now() + ms,
    folders: [F],
    look: async () => {
      const sight = sights[Math.min(looks++, sights.length - 1)]!;
      if (sight instanceof Error) throw sight;
      return sight;
    },
    answer: (outcome) => outcome,
  };
  const holder = createBriefHolder({ clock, log: silentLog, metrics: noMetrics });
  const answers: { response: EasResponse; after: number }[] = [];
  const held: Held = holder.hold(spec, (outcome) => ({
    status: 200,
    headers: { A: 'b', Outcome: JSON.stringify(outcome) },
    body: new Uint8Array(0),
  }));
  held.complete((response) => answers.push({ response, after: clock.now() - began }));
  const outcome = () => JSON.parse(answers[0]!.response.headers.Outcome!) as Outcome;
  return { clock, held, holder, answers, outcome };
}

describe('a request that a Lambda cannot hold', () => {
  it('waits for a moment, ends as its time would, and is sent to the other lane', async () => {
    const { clock, answers, outcome } = setup([QUIET]);
    await clock.advance(1999);
    expect(answers).toEqual([]);
    await clock.advance(1);
    expect(answers[0]).toMatchObject({ after: 2000, response: { headers: { A: 'b', 'Set-Cookie': LANE_COOKIE_SET } } });
    expect(outcome()).toEqual({ kind: 'expired', folders: [] });
  });

  it.each([
    ['additions', { ...QUIET, now: [F], later: ['6' as FolderId] }, { kind: 'changes', folders: [F, '6'] }],
    ['a changed hierarchy', { ...QUIET, hierarchy: true }, { kind: 'hierarchy' }],
  ])('is told %s at once', async (_, sight, expected) => {
    const { answers, outcome } = setup([sight]);
    await settle();
    expect(answers[0]!.after).toBe(0);
    expect(outcome()).toEqual(expected);
  });

  it('is told what comes while it waits', async () => {
    const { clock, outcome } = setup([QUIET, { ...QUIET, now: [F] }]);
    await clock.advance(2000);
    expect(outcome()).toEqual({ kind: 'changes', folders: [F] });
  });

  it('is told flags and deletions when its moment ends', async () => {
    const { clock, outcome } = setup([{ ...QUIET, later: [F] }]);
    await clock.advance(2000);
    expect(outcome()).toEqual({ kind: 'expired', folders: [F] });
  });

  it('never waits longer than it asked for', async () => {
    const { clock, answers } = setup([QUIET], 500);
    await clock.advance(500);
    expect(answers[0]!.after).toBe(500);
  });

  it('looks once more at once where the first look took all of its moment', async () => {
    const asked: number[] = [];
    let now = 0;
    const after = (ms: number, run: () => void) => {
      asked.push(ms);
      queueMicrotask(run);
      return () => {};
    };
    const look = async () => {
      now += 5000;
      return QUIET;
    };
    const holder = createBriefHolder({ clock: { now: () => now, after }, log: silentLog, metrics: noMetrics });
    const place = { kind: 'sync' as const, mailbox: 'm' as MailboxId, device: 'd' as DeviceId, folders: [F] };
    const response = { status: 200, headers: {}, body: new Uint8Array(0) };
    const held = holder.hold({ ...place, deadline: 480_000, look, answer: (outcome) => outcome }, () => response);
    await new Promise((resolve) => held.complete(resolve));
    expect([asked, now]).toEqual([[0], 10_000]);
  });

  it('fails where the mailbox cannot be read', async () => {
    const { answers, outcome } = setup([new Error('no')]);
    await settle();
    expect(answers).toHaveLength(1);
    expect(outcome()).toEqual({ kind: 'failed' });
  });

  it('is forgotten with its client', async () => {
    const { clock, held, holder, answers } = setup([QUIET]);
    await settle();
    held.abandon();
    await clock.advance(10_000);
    expect(answers).toEqual([]);
    expect(clock.pending).toBe(0);
    expect(holder.held).toBe(0);
  });
});
