import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sendOptions } from '../../../../lib/commands/compose/options.ts';
import { routeAll, takeQuota } from '../../../../lib/commands/compose/recipients.ts';
import type { Account } from '../../../../lib/identity/types.ts';
import { prepareOutgoing } from '../../../../lib/mail/outgoing.ts';
import { joinMessage, splitMessage } from '../../../../lib/mail/raw-message.ts';
import { ProtocolFailure } from '../../../../lib/protocol/command.ts';

const CONTEXT = { account: {} as Account, version: 161 } as const;
const EVERYWHERE = { route: async () => 'relay' as const };

/** What the relay would be told for these header lines; a status where the message is refused. */
async function envelopeOf(head: string): Promise<readonly string[] | number> {
  const message = splitMessage(Buffer.from(`${head}\r\n\r\nbody`, 'utf8'));
  if (!message) return 107;
  const sender = { address: 'ann@example.net', name: 'Ann', owns: () => false };
  const { recipients } = prepareOutgoing(message, { sender, now: 0, messageId: '<1@x>' });
  try {
    const routed = await routeAll(recipients, CONTEXT, EVERYWHERE, sendOptions());
    return routed.map(({ address }) => address);
  } catch (error) {
    if (error instanceof ProtocolFailure) return error.status;
    throw error;
  }
}

describe('the recipients of an hour', () => {
  const HOUR = 3_600_000;
  const at = (now: number, count?: number) => {
    const read: unknown[] = [];
    const table = {
      get: async (...asked: unknown[]) => {
        read.push(...asked);
        return count === undefined ? undefined : { count };
      },
    } as never;
    const context = { account: { id: 'ann' } as unknown as Account, clock: { now: () => now } as never };
    return takeQuota(2, context, table, sendOptions({ recipientsPerHour: 5 })).then((write) => ({ write, read }));
  };

  test('are counted until the hour after it is over', async () => {
    const { write, read } = await at(10 * HOUR + 1);
    expect(write).toMatchObject({ op: 'update', add: { count: 2 }, set: { ttl: (12 * HOUR) / 1000 } });
    expect(read[1]).toBe('strong');
    const keyOf = async (now: number) => (await at(now)).read[0];
    expect(await keyOf(10 * HOUR)).toEqual(await keyOf(11 * HOUR - 1));
    expect(await keyOf(10 * HOUR)).not.toEqual(await keyOf(11 * HOUR));
  });

  test('may be just as many as are allowed', async () => {
    await expect(at(0, 3)).resolves.toBeDefined();
    await expect(at(0, 4)).rejects.toMatchObject({ status: 115 });
  });
});

describe('the recipients of a message', () => {
  test.each<[string, readonly string[] | number]>([
    ['To: a@x.test', ['a@x.test']],
    ['To: A.B@X.TEST', ['A.B@x.test']],
    ['To: a@x.test, A@X.test\r\nCc: a@x.TEST', ['a@x.test']],
    ['To: "Last, First" <a@x.test>;', ['a@x.test']],
    ['To: Team: a@x.test, b@x.test;\r\nBcc: c@x.test', ['a@x.test', 'b@x.test', 'c@x.test']],
    ['Reply-To: a@x.test\r\nTo: b@x.test', ['b@x.test']],
    ['Resent-To: a@x.test\r\nTo: b@x.test', ['b@x.test']],
    ['To: a@münchen.test', ['a@xn--mnchen-3ya.test']],
    ['To: jürgen@x.test', ['jürgen@x.test']],
    ['To: =?utf-8?q?a=40y.test?= <a@x.test>', ['a@x.test']],
    ['To: a b@x.test', ['b@x.test']],
    ['To: a@)', 116],
    ['To: a@x..test', 116],
    ['To: "a b"@x.test', 116],
    ['To: <a@x.test\r\n >', ['a@x.test']],
    ['To: @x.test', 116],
    ['To: a@', 116],
    ['Subject: nobody', 119],
  ])('of %j are %j', async (head, expected) => {
    expect(await envelopeOf(head)).toEqual(expected);
  });

  test('are addresses that cannot end their line, whatever the header says', async () => {
    const nasty = fc.string({
      unit: fc.constantFrom(
        'a',
        'b',
        '@',
        '.',
        '<',
        '>',
        '"',
        ',',
        ';',
        ':',
        '(',
        ')',
        '\\',
        ' ',
        '\r\n ',
        '\0',
        '\u2028',
        'é',
        '%',
      ),
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(nasty, fc.constantFrom('To', 'Cc', 'Bcc'), async (value, name) => {
        const found = await envelopeOf(`To: z@z.test\r\n${name}: ${value}`);
        if (typeof found === 'number') return;
        for (const address of found) expect(address).toMatch(/^[^\s<>"(),:;\\\p{Cc}\p{Zl}]{1,64}@[a-z0-9.%-]+$/u);
      }),
    );
  });

  test('are the same before and after what is done to the message', async () => {
    const address = fc.tuple(fc.stringMatching(/^[a-z]{1,8}$/), fc.constantFrom('x.test', 'y.test'));
    await fc.assert(
      fc.asyncProperty(fc.array(address, { minLength: 1, maxLength: 8 }), async (pairs) => {
        const wanted = [...new Set(pairs.map(([local, domain]) => `${local}@${domain}`))];
        const head = `To: ${wanted.join(',\r\n ')}`;
        const again = joinMessage(splitMessage(Buffer.from(`${head}\r\n\r\n`))!).toString();
        expect(await envelopeOf(again.trimEnd())).toEqual(wanted);
      }),
    );
  });
});
