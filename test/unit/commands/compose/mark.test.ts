import { describe, expect, test } from 'vitest';
import { markSource, verbOf } from '../../../../lib/commands/compose/mark.ts';
import type { EmailContent } from '../../../../lib/mail/types.ts';
import { type Item, type Mailbox, NoItem } from '../../../../lib/mailbox/types.ts';
import { silentLog } from '../../../../lib/ops/log.ts';
import { emailContent } from '../../../support/mailboxes.ts';

const source = (over: Partial<EmailContent> = {}) =>
  emailContent('m', { from: 'Bob <bob@example.com>', to: 'alice@example.com', cc: '', replyTo: '', ...over });
const isOwn = (address: string) => address === 'alice@example.com';

describe('what was done with a message', () => {
  test.each<[string, 'reply' | 'forward', Partial<EmailContent>, string[], 1 | 2 | 3]>([
    ['a forward', 'forward', {}, ['carol@example.com'], 3],
    ['an answer to its author', 'reply', {}, ['bob@example.com'], 1],
    ['an answer to somebody new', 'reply', {}, ['bob@example.com', 'carol@example.com'], 1],
    [
      'an answer to who got it too',
      'reply',
      { cc: 'Carol <CAROL@example.com>' },
      ['bob@example.com', 'Carol@Example.com'],
      2,
    ],
    [
      'an answer to who got it too, and not to its author',
      'reply',
      { to: 'carol@example.com' },
      ['carol@example.com'],
      2,
    ],
    ['an answer to its author, who got it too', 'reply', { cc: 'bob@example.com' }, ['bob@example.com'], 1],
    ['an answer to where answers go', 'reply', { replyTo: 'x@y.org;list@y.org', cc: 'list@y.org' }, ['list@y.org'], 1],
    ['an answer to oneself', 'reply', {}, ['alice@example.com'], 1],
    ['an answer to some of its readers only', 'reply', { cc: 'carol@example.com' }, ['bob@example.com'], 1],
  ])('is %s', (_, verb, over, recipients, expected) => {
    expect(verbOf(verb, source(over), recipients, isOwn)).toBe(expected);
  });

  async function marked(before: Partial<EmailContent>, at: number) {
    const content = source(before);
    const written: unknown[] = [];
    const mailbox = {
      update: async (_f: unknown, _i: unknown, change: (item: Item) => unknown) => {
        written.push(change({ content } as Item));
      },
    } as unknown as Mailbox;
    await markSource(mailbox, { folder: 'f', id: 'i' } as unknown as Item, 2, at, silentLog);
    return { content, written };
  }

  test('is shown on every device, the latest of several', async () => {
    const { content, written } = await marked({}, 50);
    expect(written).toEqual([{ kind: 'change', content: { ...content, lastVerb: 2, lastVerbAt: 50 } }]);
    expect((await marked({ lastVerbAt: 50 }, 50)).written).toMatchObject([{ content: { lastVerb: 2 } }]);
    expect((await marked({ lastVerbAt: 51 }, 50)).written).toEqual([undefined]);
  });

  test('is said in the log where it could not be shown, unless the message is gone', async () => {
    const warned = async (error: Error) => {
      const events: string[] = [];
      const log = { ...silentLog, warn: (event: string) => void events.push(event) };
      const mailbox = { update: () => Promise.reject(error) } as unknown as Mailbox;
      await markSource(mailbox, { folder: 'f', id: 'i' } as unknown as Item, 1, 1, log);
      return events.length;
    };
    expect(await warned(new NoItem())).toBe(0);
    expect(await warned(new Error('down'))).toBe(1);
  });
});
