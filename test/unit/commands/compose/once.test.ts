import { describe, expect, test } from 'vitest';
import { draftMemory, sentMemory } from '../../../../lib/commands/compose/once.ts';
import type { ComposeRequest } from '../../../../lib/commands/compose/request.ts';
import type { ProtocolVersion } from '../../../../lib/protocol/versions.ts';
import type { Key } from '../../../../lib/store/ports.ts';
import { LEDGER_TTL_S } from '../../../../lib/store/schema.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { bareContext } from '../../../support/query-world.ts';
import { INBOX, mail, openSendWorld, SENT, type SendWorld } from '../../../support/send-world.ts';

const BOTH = 'bob@example.net, carl@else.test';
const NAMED = ['Message-ID: <m1@phone>'];

/** How often the message arrived: here, beyond the relay, in Sent Items. */
async function counts(world: SendWorld) {
  const bob = await world.folder('bob', INBOX);
  const sent = await world.folder('ann', SENT);
  return [bob.length, world.relay.messages.length, sent.length];
}

const NOW = 1_768_478_400_123;

/** The memory of a request over rows that are there by their key; what was read, and how. */
function remembering(
  request: Partial<ComposeRequest>,
  hasMessageId = true,
  rows: (key: string) => object | undefined = () => undefined,
) {
  const asked: unknown[] = [];
  const table = {
    batchGet: async (wanted: readonly Key[], consistency: string) => {
      asked.push(consistency);
      return wanted.map(({ sk }) => rows(sk));
    },
  } as never;
  const context = bareContext({ clock: new FakeClock(NOW) });
  const whole = { verb: 'reply', clientId: '', saveInSent: false, replaceMime: false, ...request } as ComposeRequest;
  const memory = sentMemory(table, context, whole, hasMessageId);
  const put = memory.writes as unknown as readonly { row: { sk: string; token: string }; when: object }[];
  return { memory, asked, put, names: put.map(({ row }) => row.sk) };
}
const MIME = Buffer.from('Message-ID: <1@x>\r\n\r\n');

describe('what is remembered of a request', () => {
  test('are rows for its name and for its bytes, for two weeks, if there are none', () => {
    const { put } = remembering({ clientId: 'c', mime: MIME });
    expect(put).toHaveLength(2);
    for (const one of put) {
      expect(one).toMatchObject({
        op: 'put',
        row: { pk: expect.any(String), at: NOW, ttl: Math.floor(NOW / 1000) + LEDGER_TTL_S },
        when: { row: 'absent' },
      });
    }
    expect(remembering({ clientId: 'c' }).names).toHaveLength(1);
    expect(remembering({ clientId: 'c', mime: MIME }, false).names).toHaveLength(1);
    expect(remembering({ mime: MIME }, false).names).toEqual([]);
  });

  test('tells apart what was done to which message with the same bytes', () => {
    const at = (item: string) => ({ item, instance: false });
    const requests: Partial<ComposeRequest>[] = [
      { verb: 'send' },
      { verb: 'reply', source: at('f:a') },
      { verb: 'reply', source: at('f:b') },
      { verb: 'forward', source: at('f:a') },
      { verb: 'send', mime: Buffer.concat([MIME, MIME]) },
    ];
    const names = requests.map((request) => remembering({ mime: MIME, ...request }).names[0]);
    expect(new Set(names).size).toBe(requests.length);
    expect(remembering({ mime: MIME, ...requests[1] }).names[0]).toBe(names[1]);
  });

  test('is read strongly, by either of its names, and not where it has none', async () => {
    const [, byBytes] = remembering({ clientId: 'c', mime: MIME }).names;
    const { memory, asked } = remembering({ clientId: 'c', mime: MIME }, true, (key) =>
      key === byBytes ? { at: 5 } : undefined,
    );
    expect(await memory.before()).toBe(5);
    expect(asked).toEqual(['strong']);
    const nameless = remembering({}, false);
    expect(await nameless.memory.before()).toBeUndefined();
    expect(nameless.asked).toEqual([]);
  });

  test('is its own where any row is', async () => {
    let token = '';
    const made = remembering({ clientId: 'c', mime: MIME }, true, (key) => ({
      token: key.includes('c.') ? 'other' : token,
    }));
    expect(await made.memory.mine()).toBe(false);
    token = made.put[0]!.row.token;
    expect(await made.memory.mine()).toBe(true);
  });

  test('of a draft is one row, for the command that sent it', () => {
    const of = (command: string) => {
      const { writes } = draftMemory({ batchGet: async () => [] } as never, bareContext(), command);
      return (writes as unknown as readonly { row: { sk: string } }[]).map(({ row }) => row.sk);
    };
    expect(of('a')).toHaveLength(1);
    expect(of('a')).toEqual(of('a'));
    expect(of('a')).not.toEqual(of('b'));
  });
});

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
