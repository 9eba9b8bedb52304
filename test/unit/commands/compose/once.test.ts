import { describe, expect, test } from 'vitest';
import type { ProtocolVersion } from '../../../../lib/protocol/versions.ts';
import { INBOX, mail, openSendWorld, SENT, type SendWorld } from '../../../support/send-world.ts';

const BOTH = 'bob@example.net, carl@else.test';
const NAMED = ['Message-ID: <m1@phone>'];

/** How often the message arrived: here, beyond the relay, in Sent Items. */
async function counts(world: SendWorld) {
  const bob = await world.folder('bob', INBOX);
  const sent = await world.folder('ann', SENT);
  return [bob.length, world.relay.messages.length, sent.length];
}

describe('a request that is repeated', () => {
  test.each<ProtocolVersion>([140, 141, 160, 161])(
    'under its ClientId is answered 118 and sends nothing, version %i [MS-ASCMD R4848]',
    async (version) => {
      const world = await openSendWorld();
      const again = { version, ClientId: 'one', SaveInSentItems: true };
      expect(await world.ask('send', mail(BOTH), again)).toBe('empty');
      expect(await world.ask('send', mail(BOTH), again)).toBe(118);
      // R4848 looks at the name alone: another text under it is not sent either.
      expect(await world.ask('send', mail(BOTH, [], 'Other'), again)).toBe(118);
      expect(await counts(world)).toEqual([1, 1, 1]);
    },
  );

  test('under the ClientId of another device is another message', async () => {
    const world = await openSendWorld();
    for (const device of ['a', 'b'])
      expect(await world.ask('send', mail(BOTH), { ClientId: '1', device })).toBe('empty');
    expect((await counts(world)).slice(0, 2)).toEqual([2, 2]);
  });

  test('byte for byte up to 12.1 is answered 118 where the message names itself [MS-ASCMD R7465]', async () => {
    const world = await openSendWorld();
    const over = { version: 121, SaveInSentItems: true } as const;
    expect(await world.ask('send', mail(BOTH, NAMED), over)).toBe('empty');
    expect(await world.ask('send', mail(BOTH, NAMED), over)).toBe(118);
    expect(await counts(world)).toEqual([1, 1, 1]);
  });

  test('is two messages where the same Message-ID stands for another text, or for none', async () => {
    const world = await openSendWorld();
    const texts = [mail(BOTH, NAMED), mail(BOTH, NAMED, 'Other'), mail(BOTH), mail(BOTH)];
    for (const text of texts) expect(await world.ask('send', text, { version: 121 })).toBe('empty');
    expect((await counts(world)).slice(0, 2)).toEqual([4, 4]);
  });

  test('after it was refused is not taken for sent', async () => {
    const world = await openSendWorld();
    expect(await world.ask('send', mail('nobody@example.net'), { ClientId: 'one' })).toBe(120);
    expect(await world.ask('send', mail(BOTH), { ClientId: 'one' })).toBe('empty');
  });

  test('at the same time sends once', async () => {
    const world = await openSendWorld();
    const again = { ClientId: 'one', SaveInSentItems: true };
    const answers = await Promise.all([1, 2, 3].map(() => world.ask('send', mail(BOTH), again)));
    expect(answers.toSorted()).toEqual([118, 118, 'empty']);
    expect(await counts(world)).toEqual([1, 1, 1]);
    expect(await world.queued()).toBe(0);
  });
});

describe('a commit', () => {
  test.each(['lost', 'dropped', 'conflict', 'throttled'] as const)('whose answer is %s sends once', async (fault) => {
    const world = await openSendWorld();
    let armed = true;
    world.table.faults = {
      write: (writes) => {
        const sends = writes.some((write) => write.op === 'put' && write.row.sk.startsWith('X#'));
        if (!sends || !armed) return undefined;
        armed = false;
        return fault;
      },
    };
    const again = { ClientId: 'one', SaveInSentItems: true };
    expect(await world.ask('send', mail(BOTH), again)).toBe('empty');
    expect(armed).toBe(false);
    expect(await world.ask('send', mail(BOTH), again)).toBe(118);
    expect(await counts(world)).toEqual([1, 1, 1]);
  });

  test.each([true, false])('whose answer is lost sends once, Sent Items %s, also at the second try', async (save) => {
    const world = await openSendWorld();
    let faults = 0;
    world.table.faults = {
      write: (writes) => {
        const sends = writes.some((write) => write.op === 'put' && write.row.sk.startsWith('X#'));
        return sends && faults++ < 2 ? (faults === 1 ? 'dropped' : 'lost') : undefined;
      },
    };
    expect(await world.ask('send', mail(BOTH), { SaveInSentItems: save })).toBe('empty');
    expect(await counts(world)).toEqual([1, 1, save ? 1 : 0]);
  });

  test('has the copy, the queue, the memory and the quota in one transaction', async () => {
    const world = await openSendWorld();
    const transactions: string[][] = [];
    world.table.faults = {
      write: (writes) => {
        transactions.push(writes.map((write) => ('row' in write ? write.row.sk : write.key.sk).slice(0, 2)));
        return undefined;
      },
    };
    await world.ask('send', mail('carl@else.test', NAMED), { SaveInSentItems: true });
    expect(transactions[0]!.toSorted()).toEqual(['00', 'F#', 'H#', 'L#', 'M#', 'X#', 'X#']);
  });
});

describe('a process that dies', () => {
  const killed = () => Promise.reject(new Error('killed'));

  test('before the commit has sent nothing, and the phone sends again', async () => {
    const world = await openSendWorld();
    let alive = false;
    world.table.faults = { before: (operation) => (operation === 'transact' && !alive ? killed() : undefined) };
    await expect(world.ask('send', mail(BOTH), { ClientId: 'one' })).rejects.toThrow('killed');
    alive = true;
    expect(await counts(world)).toEqual([0, 0, 0]);
    expect(await world.ask('send', mail(BOTH), { ClientId: 'one' })).toBe('empty');
    expect((await counts(world)).slice(0, 2)).toEqual([1, 1]);
  });

  test('right after the commit has the message sent by its successor, once, and the phone is told 118', async () => {
    const world = await openSendWorld();
    let committed = false;
    world.table.faults = {
      before: () => (committed ? killed() : undefined),
      write: (writes) => {
        committed ||= writes.some((write) => write.op === 'put' && write.row.sk.startsWith('X#'));
        return undefined;
      },
    };
    // The process is dead from here on: whatever it tries fails.
    await world.ask('send', mail(BOTH), { ClientId: 'one' }).catch(() => {});
    expect(await counts(await revived(world))).toEqual([0, 0, 0]);
    await world.queue().poll();
    expect((await counts(world)).slice(0, 2)).toEqual([1, 1]);
    expect(await world.ask('send', mail(BOTH), { ClientId: 'one' })).toBe(118);
    expect((await counts(world)).slice(0, 2)).toEqual([1, 1]);
    expect(await world.queued()).toBe(0);
  });

  async function revived(world: SendWorld): Promise<SendWorld> {
    world.table.faults = {};
    return world;
  }
});
