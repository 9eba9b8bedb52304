import { describe, expect, test } from 'vitest';
import type { SentMemory } from '../../../../lib/commands/compose/once.ts';
import { SEND_OPTIONS } from '../../../../lib/commands/compose/options.ts';
import { owns, prepared, submit } from '../../../../lib/commands/compose/submit.ts';
import type { Account } from '../../../../lib/identity/types.ts';
import type { Outgoing } from '../../../../lib/mail/outgoing.ts';
import { splitMessage } from '../../../../lib/mail/raw-message.ts';
import { QuotaExceeded } from '../../../../lib/mailbox/quota.ts';
import { ItemChanged, NoItem } from '../../../../lib/mailbox/types.ts';
import { ConditionFailed, StoreUnavailable, type Write } from '../../../../lib/store/ports.ts';
import { bareContext } from '../../../support/query-world.ts';

const account = {
  id: 'ann',
  address: 'ann@example.net',
  aliases: ['sales@example.org'],
  name: 'Ann',
} as unknown as Account;
const context = bareContext({ account });

describe('an address', () => {
  test.each([
    ['ann@example.net', true],
    ['ANN@Example.net', true],
    ['ann+news@example.net', true],
    ['sales@example.org', true],
    ['sales+x@example.org', true],
    ['bob@example.net', false],
    ['bob+ann@example.net', false],
    ['ann@example.org', false],
    ['ann', false],
    ['', false],
  ])('%j is the account’s own: %j', (address, own) => {
    expect(owns(account, address)).toBe(own);
  });
});

describe('a message that is made ready', () => {
  const message = (head: string) => splitMessage(Buffer.from(`To: bob@example.net\r\n${head}\r\nHello`))!;
  const made = (over: Partial<typeof SEND_OPTIONS>, head = '') =>
    prepared(context, message(head), { ...SEND_OPTIONS, ...over });

  test('may have just as many bytes, and not one more', () => {
    const { length } = made({}).kept;
    expect(made({ maxBytes: length }).kept).toHaveLength(length);
    expect(() => made({ maxBytes: length - 1 })).toThrow(expect.objectContaining({ status: 122 }));
  });

  test('may have come by just as many servers, and not one more', () => {
    const head = 'Received: from a\r\nReceived: from b\r\n';
    expect(made({ maxHops: 2 }, head).hops).toBe(2);
    expect(() => made({ maxHops: 1 }, head)).toThrow(expect.objectContaining({ status: 120 }));
  });

  test('is named after the account’s domain where it has no name', () => {
    expect(made({}).messageId).toMatch(/^<[0-9A-Z]{26}@example\.net>$/);
  });
});

describe('the one transaction', () => {
  const write = (name: string) => ({ op: 'put', row: { sk: name } }) as unknown as Write;

  async function submitted(fails?: Error, mine = false) {
    const done: string[] = [];
    const queued = { writes: [write('queue')] };
    const outbound = {
      route: async () => 'local',
      prepare: async ({ from }: { from: string }) => {
        done.push(`prepared from ${from}`);
        return queued;
      },
      release: async (of: unknown) => void done.push(of === queued ? 'released' : 'what?'),
      discard: async (of: unknown) => void done.push(of === queued ? 'discarded' : 'what?'),
    } as never;
    const memory: SentMemory = { before: async () => undefined, writes: [write('memory')], mine: async () => mine };
    const services = { table: { get: async () => undefined }, delivery: {} as never, outbound };
    const outgoing = { recipients: ['bob@example.net'], from: 'ann@example.net', sent: '' } as unknown as Outgoing;
    const rows: unknown[] = [];
    const file = async (copy: unknown, writes: readonly Write[]) => {
      if (fails) throw fails;
      rows.push(copy, ...writes.map((one) => ('row' in one ? one.row.sk : one.op)));
    };
    const error = await submit(services, context, { outgoing, memory, saveInSent: false, file }, SEND_OPTIONS).then(
      () => undefined,
      (failure: unknown) => failure,
    );
    return { done: done.slice(1), error, rows, first: done[0] };
  }

  test('has the memory, the queue and the quota; after it the message is on its way', async () => {
    const { done, error, rows, first } = await submitted();
    expect(error).toBeUndefined();
    expect(first).toBe('prepared from ann@example.net');
    expect(rows).toEqual([undefined, 'memory', 'queue', 'update']);
    expect(done).toEqual(['released']);
  });

  test('that was made, though its answer was lost, is as good', async () => {
    const { done, error } = await submitted(new ConditionFailed([0]), true);
    expect([error, done]).toEqual([undefined, ['released']]);
  });

  test('that another request made first leaves nothing in the queue', async () => {
    const cause = new ConditionFailed([0]);
    const { done, error } = await submitted(cause);
    expect(error).toMatchObject({ status: 118, cause });
    expect(done).toEqual(['discarded']);
  });

  test.each([new QuotaExceeded('bytes'), new NoItem(), new ItemChanged()])(
    'that was not made because of %s leaves nothing in the queue either',
    async (fails) => {
      const { done, error } = await submitted(fails);
      expect([error, done]).toEqual([fails, ['discarded']]);
    },
  );

  test('of which nobody knows whether it was made leaves the message where its row may need it', async () => {
    const fails = new StoreUnavailable('down');
    const { done, error } = await submitted(fails, true);
    expect([error, done]).toEqual([fails, []]);
  });
});
