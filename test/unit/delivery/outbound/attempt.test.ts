import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expire, later, withResults } from '../../../../lib/delivery/outbound/attempt.ts';
import { outboundOptions, pauseAfter } from '../../../../lib/delivery/outbound/options.ts';
import { type Queued, queuedOf, rowOf } from '../../../../lib/delivery/outbound/row.ts';
import type { Recipient, RelayOutcome } from '../../../../lib/delivery/outbound/types.ts';
import type { MailboxId } from '../../../../lib/ops/ids.ts';

const MINUTE = 60_000;
const queued = (to: readonly Recipient[], over: Partial<Queued> = {}): Queued => ({
  id: 'q1',
  tx: 't1',
  mailbox: 'ann' as MailboxId,
  from: 'ann@example.net',
  to,
  failed: [],
  due: 1_000,
  at: 1_000,
  failedAt: 0,
  attempts: 0,
  raw: new Uint8Array([1]),
  ...over,
});
const recipient = fc.record({
  address: fc.stringMatching(/^[a-z]{1,5}@x\.test$/),
  route: fc.constantFrom('local' as const, 'relay' as const),
});
const outcome = fc.constantFrom<RelayOutcome | undefined>(
  { kind: 'sent' },
  { kind: 'later', status: '4.0.0', text: 'wait' },
  { kind: 'failed', status: '5.0.0', text: 'no' },
  undefined,
);

describe('after an attempt', () => {
  test('every recipient has it, waits or has failed, and none is counted twice', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(recipient, outcome)), (pairs) => {
        const before = queued(pairs.map(([to]) => to));
        const results = new Map(pairs.flatMap(([to, result]) => (result ? [[to, result] as const] : [])));
        const after = withResults(before, results);
        const sent = pairs.filter(([, result]) => result?.kind === 'sent').length;
        expect(sent + after.to.length + after.failed.length).toBe(pairs.length);
      }),
    );
  });

  test('pauses grow to four hours', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 99].map((n) => pauseAfter(n) / MINUTE)).toEqual([
      1, 5, 15, 30, 60, 120, 240, 240, 240,
    ]);
    const next = later(queued([]), 5_000);
    expect(next).toMatchObject({ attempts: 1, due: 5_000 + MINUTE });
    expect(next.tx).not.toBe('t1');
  });

  test('only time makes a failure of what waits', () => {
    const options = outboundOptions();
    const waiting = queued([{ address: 'a@x.test', route: 'relay' }]);
    expect(expire(waiting, new Map(), 1_000 + options.giveUpMs - 1, options)).toBe(waiting);
    const gone = expire(waiting, new Map(), 1_000 + options.giveUpMs, options);
    expect(gone.to).toEqual([]);
    expect(gone.failed).toMatchObject([{ address: 'a@x.test', status: '4.4.7' }]);
  });

  test('a row says what was put into it', () => {
    const before = queued([{ address: 'a@x.test', route: 'relay' }], {
      failed: [{ address: 'b@x.test', status: '5.1.1', text: 'no' }],
    });
    expect(queuedOf(rowOf(before))).toEqual({ ...before, blob: undefined });
    const large = queued([], { raw: undefined, blob: 'ann/out-1/mime' });
    expect(queuedOf(rowOf(large))).toEqual(large);
  });
});
