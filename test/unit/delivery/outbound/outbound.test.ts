import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test, vi } from 'vitest';
import type { Recipient } from '../../../../lib/delivery/outbound/types.ts';
import { parseMessage } from '../../../../lib/mail/parse.ts';
import type { MailboxId } from '../../../../lib/ops/ids.ts';
import { STORES, storeMissing } from '../../../support/make-store.ts';
import { INBOX, openSendWorld, type SendWorld } from '../../../support/send-world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const raw = (body = 'Hello', to = 'carl@else.test') =>
  Buffer.from(
    `Date: Thu, 15 Jan 2026 12:00:00 +0000\r\nMessage-ID: <1@example.net>\r\nFrom: ann@example.net\r\nTo: ${to}\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\n${body}\r\n`,
  );
const here = (address: string): Recipient => ({ address, route: 'local' });
const beyond = (address: string): Recipient => ({ address, route: 'relay' });
const envelope = (...to: Recipient[]) => ({ mailbox: 'ann' as MailboxId, from: 'ann@example.net', to });
const bounces = async (world: SendWorld) =>
  (await world.folder('ann', INBOX)).filter(({ content }) => content.messageClass === 'REPORT.IPM.NOTE.NDR');
const taken = (world: SendWorld) => world.relay.messages.map(({ to }) => to);

/** Time passes; the queue is looked through at every step. */
async function pass(world: SendWorld, ms: number, step = MINUTE): Promise<void> {
  for (let gone = 0; gone < ms; gone += step) {
    await world.clock.advance(step);
    await world.outbound.poll();
  }
}

async function submit(world: SendWorld, to: readonly Recipient[], message = raw()): Promise<void> {
  await world.outbound.submit(envelope(...to), message);
  await world.outbound.poll();
}

describe('a message in the queue', () => {
  test('is with those here when the submission resolves, and with others soon after', async () => {
    const world = await openSendWorld();
    const gate = Promise.withResolvers<void>();
    world.relay.before = () => gate.promise;
    await world.outbound.submit(envelope(here('bob@example.net'), beyond('carl@else.test')), raw());
    expect(await world.folder('bob', INBOX)).toHaveLength(1);
    expect(taken(world)).toEqual([]);
    gate.resolve();
    await world.outbound.close();
    expect(taken(world)).toEqual([['carl@else.test']]);
    expect(await world.queued()).toBe(0);
  });

  test('carries a trace of this server for those here', async () => {
    const world = await openSendWorld();
    await submit(world, [here('bob@example.net')]);
    const [item] = await world.folder('bob', INBOX);
    const text = await world.raw(item!);
    expect(text).toMatch(
      /^Return-Path: <ann@example\.net>\r\nReceived: from mx\.example\.net .*\r\n by mx\.example\.net with ActiveSync id /,
    );
    expect(text.endsWith(raw().toString())).toBe(true);
  });

  test.each([100, 200_000])('of %i bytes leaves neither row nor blob behind', async (size) => {
    const world = await openSendWorld({ outbound: { inlineBytes: 1_000 } });
    await submit(world, [here('bob@example.net'), beyond('carl@else.test')], raw('x'.repeat(size)));
    expect(world.relay.messages[0]!.raw).toBe(raw('x'.repeat(size)).toString());
    expect(await world.queued()).toBe(0);
    const left: string[] = [];
    for await (const key of world.store.blobs.list('ann/out-')) left.push(key);
    expect(left).toEqual([]);
  });

  test('that is discarded leaves nothing', async () => {
    const world = await openSendWorld({ outbound: { inlineBytes: 1 } });
    const prepared = await world.outbound.prepare(envelope(here('bob@example.net')), raw());
    await world.outbound.discard(prepared);
    await world.outbound.release(prepared);
    for await (const key of world.store.blobs.list('ann/out-')) throw new Error(key);
    expect(await world.folder('bob', INBOX)).toEqual([]);
  });
});

test('a message whose commit is never heard of is not kept in memory', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const world = await openSendWorld();
  const forgotten = async () => {
    const message = new Uint8Array(50_000);
    await world.outbound.prepare(envelope(beyond('carl@else.test')), message);
    return new WeakRef(message);
  };
  const ref = await forgotten();
  // What a function awaited last may stand in a register for some turns.
  await vi.waitFor(() => {
    collect();
    expect(ref.deref() === undefined).toBe(true);
  });
  await world.outbound.close();
});

describe('a relay that has trouble', () => {
  test('is asked again, less and less often, and the message goes once', async () => {
    const world = await openSendWorld();
    const attempts: number[] = [];
    const began = world.clock.now();
    world.relay.before = () => {
      attempts.push((world.clock.now() - began) / MINUTE);
      if (attempts.length <= 5) throw new Error('connection refused');
    };
    await submit(world, [beyond('carl@else.test')]);
    await pass(world, 3 * HOUR);
    expect(attempts).toEqual([0, 1, 6, 21, 51, 111]);
    expect(taken(world)).toEqual([['carl@else.test']]);
    expect(await bounces(world)).toEqual([]);
  });

  test('with some of the recipients is asked for those alone again', async () => {
    const world = await openSendWorld();
    world.relay.outcomes.set('late@else.test', { kind: 'later', status: '4.2.0', text: '450 4.2.0 greylisted' });
    await submit(world, [beyond('carl@else.test'), beyond('late@else.test')]);
    expect(taken(world)).toEqual([['carl@else.test']]);
    world.relay.outcomes.clear();
    await world.clock.advance(2 * MINUTE);
    await world.outbound.poll();
    expect(taken(world)).toEqual([['carl@else.test'], ['late@else.test']]);
    expect(await world.queued()).toBe(0);
  });

  test('for two days makes a bounce, with the last reason', async () => {
    const world = await openSendWorld();
    world.relay.outcomes.set('carl@else.test', { kind: 'later', status: '4.2.0', text: '450 4.2.0 mailbox busy' });
    await submit(world, [beyond('carl@else.test')]);
    await pass(world, 47 * HOUR, HOUR);
    expect(await bounces(world)).toEqual([]);
    await pass(world, 6 * HOUR, HOUR);
    const [bounce] = await bounces(world);
    expect(await world.raw(bounce!)).toMatch(
      /Final-Recipient: rfc822; carl@else\.test[\s\S]*Status: 4\.4\.7[\s\S]*mailbox busy/,
    );
    expect(await world.queued()).toBe(0);
  });

  test('never has more messages at one time than it may', async () => {
    const world = await openSendWorld({ outbound: { relaying: 2 } });
    let now = 0;
    let most = 0;
    world.relay.before = async () => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setImmediate(resolve));
      now--;
    };
    await Promise.all(
      Array.from({ length: 7 }, () => world.outbound.submit(envelope(beyond('carl@else.test')), raw())),
    );
    await world.outbound.close();
    expect(most).toBe(2);
    expect(taken(world)).toHaveLength(7);
  });
});

describe('a recipient that does not exist', () => {
  test('makes a bounce that says who and why, in the thread of the message', async () => {
    const world = await openSendWorld();
    world.relay.outcomes.set('no@else.test', { kind: 'failed', status: '5.1.1', text: '550 5.1.1 unknown\r\nEvil: 1' });
    await submit(world, [beyond('no@else.test'), beyond('carl@else.test')]);
    expect(taken(world)).toEqual([['carl@else.test']]);
    const [bounce] = await bounces(world);
    expect(bounce!.content).toMatchObject({
      subject: 'Undeliverable: Grüße',
      from: '"Mail Delivery System" <mailer-daemon@mx.example.net>',
      references: ['<1@example.net>'],
    });
    const text = await world.raw(bounce!);
    expect(text).toContain('Final-Recipient: rfc822; no@else.test\r\nAction: failed\r\nStatus: 5.1.1\r\n');
    expect(text).toContain('Diagnostic-Code: smtp; 550 5.1.1 unknown Evil: 1\r\n');
    expect(text).toContain('Auto-Submitted: auto-replied\r\n');
    expect(text).not.toContain('carl@else.test\r\nAction');
    const parsed = await parseMessage(Buffer.from(text, 'latin1'), { now: world.clock.now() });
    expect(parsed.text).toContain('no@else.test');
    expect(await world.queued()).toBe(0);
  });

  test('here, gone since the message was accepted, makes one as well', async () => {
    const world = await openSendWorld();
    await submit(world, [here('gone@example.net')]);
    const [bounce] = await bounces(world);
    expect(await world.raw(bounce!)).toContain('Status: 5.1.1');
  });

  test('makes one bounce, also when the process dies after it', async () => {
    const world = await openSendWorld();
    world.relay.outcomes.set('no@else.test', { kind: 'failed', status: '5.1.1', text: '550 no' });
    let removals = 0;
    world.table.faults = {
      write: (writes) => {
        const removes = writes.length === 1 && writes[0]!.op === 'delete';
        if (removes && removals++ === 0) throw new Error('killed');
        return undefined;
      },
    };
    await submit(world, [beyond('no@else.test')]);
    expect(removals).toBe(1);
    expect(await world.queued()).toBe(1);
    await world.clock.advance(31 * MINUTE);
    await world.queue().poll();
    expect(await bounces(world)).toHaveLength(1);
    expect(await world.queued()).toBe(0);
  });
});

describe('several workers on one queue', () => {
  test('hand a message to the relay once', async () => {
    const world = await openSendWorld();
    const prepared = await world.outbound.prepare(envelope(beyond('carl@else.test'), here('bob@example.net')), raw());
    await world.table.transact(prepared.writes);
    await Promise.all([world.outbound.release(prepared), world.queue().poll(), world.queue().poll()]);
    await world.outbound.close();
    expect(taken(world)).toHaveLength(1);
    expect(await world.folder('bob', INBOX)).toHaveLength(1);
    expect(await world.queued()).toBe(0);
  });

  test('leave a message alone that one of them may be sending, until its lease has ended', async () => {
    const world = await openSendWorld();
    world.relay.before = () => new Promise<void>(() => {});
    await world.outbound.submit(envelope(beyond('carl@else.test')), raw());
    await new Promise((resolve) => setImmediate(resolve));
    const other = world.queue();
    world.relay.before = () => {};
    await world.clock.advance(29 * MINUTE);
    await other.poll();
    expect(taken(world)).toEqual([]);
    await world.clock.advance(2 * MINUTE);
    await other.poll();
    expect(taken(world)).toEqual([['carl@else.test']]);
  });

  test('of which one stands still after its answer: that leases nothing, and another relays at its next look', async () => {
    const world = await openSendWorld();
    const still = world.queue('elsewhere');
    expect(await still.route('carl@else.test', world.ann)).toBe('relay');
    await still.submit(envelope(here('bob@example.net'), beyond('carl@else.test')), raw());
    await still.close();
    expect(await world.folder('bob', INBOX)).toHaveLength(1);
    expect(taken(world)).toEqual([]);
    await world.outbound.poll();
    expect(taken(world)).toEqual([['carl@else.test']]);
    expect(await world.folder('bob', INBOX)).toHaveLength(1);
    expect(await world.queued()).toBe(0);
  });

  test('find what another left behind when they start', async () => {
    const world = await openSendWorld();
    const prepared = await world.outbound.prepare(envelope(here('bob@example.net')), raw());
    await world.table.transact(prepared.writes);
    const other = world.queue();
    other.start();
    await world.clock.advance(1);
    await other.close();
    expect(await world.folder('bob', INBOX)).toHaveLength(1);
  });

  test('go on after trouble of the store', async () => {
    const world = await openSendWorld();
    let failing = true;
    world.table.faults = { read: () => failing };
    world.outbound.start();
    const prepared = await world.outbound.prepare(envelope(here('bob@example.net'), beyond('carl@else.test')), raw());
    await world.store.table.transact(prepared.writes);
    await world.clock.advance(MINUTE);
    expect(await world.queued()).toBe(1);
    failing = false;
    await world.clock.advance(5 * MINUTE);
    await world.outbound.close();
    expect(await world.folder('bob', INBOX)).toHaveLength(1);
    expect(taken(world)).toHaveLength(1);
  });

  test.each(['lost', 'dropped'] as const)('hand it over once when the answer to the claim is %s', async (fault) => {
    const world = await openSendWorld();
    const prepared = await world.outbound.prepare(envelope(beyond('carl@else.test')), raw());
    await world.table.transact(prepared.writes);
    let armed = true;
    world.table.faults = {
      write: (writes) => {
        if (!armed || writes.length !== 2) return undefined;
        armed = false;
        return fault;
      },
    };
    await world.outbound.release(prepared);
    await world.outbound.poll();
    await world.outbound.poll();
    expect(taken(world)).toHaveLength(1);
    expect(await world.queued()).toBe(0);
  });
});

describe('closing', () => {
  test('does not wait for ever for a relay that hangs', async () => {
    const world = await openSendWorld({ outbound: { closeMs: 5_000 } });
    world.relay.before = () => new Promise<void>(() => {});
    await world.outbound.submit(envelope(beyond('carl@else.test')), raw());
    let closed = false;
    const closing = world.outbound.close().then(() => {
      closed = true;
    });
    await world.clock.advance(4_999);
    expect(closed).toBe(false);
    await world.clock.advance(1);
    await closing;
    expect(await world.queued()).toBe(1);
  });
});

describe('the queue over every engine', () => {
  for (const kind of STORES) {
    test.skipIf(storeMissing(kind) !== undefined)(`delivers, relays, retries and bounces: ${kind}`, async () => {
      const world = await openSendWorld({ kind, outbound: { inlineBytes: 1 } });
      world.relay.outcomes.set('late@else.test', { kind: 'later', status: '4.2.0', text: '450 wait' });
      world.relay.outcomes.set('no@else.test', { kind: 'failed', status: '5.1.1', text: '550 no' });
      const others = ['carl@else.test', 'late@else.test', 'no@else.test'].map(beyond);
      await submit(world, [here('bob@example.net'), ...others]);
      world.relay.outcomes.delete('late@else.test');
      await world.clock.advance(2 * MINUTE);
      await world.outbound.poll();
      expect(await world.folder('bob', INBOX)).toHaveLength(1);
      expect(taken(world)).toEqual([['carl@else.test'], ['late@else.test']]);
      expect(await bounces(world)).toHaveLength(1);
      expect(await world.queued()).toBe(0);
    });
  }
});

describe('options', () => {
  test.each([
    { giveUpMs: Number.NaN },
    { leaseMs: 0 },
    { relaying: 0 },
    { pollMs: 0 },
    { hostname: 'a b' },
    { hostname: 'x\r\nEvil: 1' },
  ])('%j are refused', async (outbound) => {
    await expect(openSendWorld({ outbound })).rejects.toThrow(RangeError);
  });
});
