import { describe, expect, test } from 'vitest';
import type { Source } from '../../../../lib/commands/compose/request.ts';
import { enclosuresOf, findSource, originalOf, sourceAsFile } from '../../../../lib/commands/compose/source.ts';
import type { EmailContent } from '../../../../lib/mail/types.ts';
import type { Mailbox } from '../../../../lib/mailbox/types.ts';
import { ulidFor } from '../../../../lib/ops/ids.ts';
import { ProtocolFailure } from '../../../../lib/protocol/command.ts';
import { emailContent } from '../../../support/mailboxes.ts';

const ID = ulidFor(Date.UTC(2026, 0, 15), 'm');

/** The item is in folder `f`, or moved on `hops` times to `f1`, `f2` and so on. */
function mailbox(hops = 0, messageClass = 'IPM.Note', first = 'f') {
  const places = [first, ...Array.from({ length: hops }, (_, n) => `f${n + 1}`)];
  return {
    items: async (folder: string, [item]: string[]) =>
      new Map(folder === places.at(-1) && item === ID ? [[item, { folder, content: { messageClass } }]] : []),
    moved: async (folder: string, item: string) => {
      const next = places[places.indexOf(folder) + 1];
      return places.includes(folder) && next ? { folder: next, item } : undefined;
    },
  } as unknown as Mailbox;
}
const named = (over: Partial<Source>): Source => ({ instance: false, ...over });

async function found(source: Partial<Source>, of = mailbox()): Promise<string | number> {
  try {
    return (await findSource(of, named(source))).folder;
  } catch (error) {
    if (error instanceof ProtocolFailure) return error.status;
    throw error;
  }
}

describe('the source of an answer', () => {
  test.each<[string, Partial<Source>, string | number]>([
    ['its ServerId', { item: `f:${ID}` }, 'f'],
    ['its ServerId, whatever folder is named', { folder: 'other', item: `f:${ID}` }, 'f'],
    ['a LongId', { longId: `f:${ID}` }, 'f'],
    ['its bare id and its folder', { folder: 'f', item: ID }, 'f'],
    ['nothing', {}, 105],
    ['a folder alone', { folder: 'f' }, 105],
    ['a LongId beside a folder', { folder: 'f', longId: `f:${ID}` }, 105],
    ['a LongId beside an id', { item: `f:${ID}`, longId: `f:${ID}` }, 105],
    ['a LongId that is none', { longId: ID }, 150],
    ['an id that is none', { folder: 'f', item: 'x' }, 150],
    ['a folder that cannot be', { folder: 'a:b', item: ID }, 150],
    ['another folder', { folder: 'g', item: ID }, 150],
  ])('is named by %s', async (_, source, expected) => {
    expect(await found(source)).toBe(expected);
  });

  test('is in the Inbox where no folder is named', async () => {
    expect(await found({ item: ID }, mailbox(0, 'IPM.Note', 'inbox'))).toBe('inbox');
  });

  test('is followed where it went, up to five moves', async () => {
    expect(await found({ item: `f:${ID}` }, mailbox(5))).toBe('f5');
    expect(await found({ item: `f:${ID}` }, mailbox(6))).toBe(150);
  });

  test('has occurrences only where it is a meeting', async () => {
    const one = { item: `f:${ID}`, instance: true };
    expect(await found(one)).toBe(150);
    expect(await found(one, mailbox(0, 'IPM.Schedule.Meeting.Request'))).toBe('f');
  });
});

describe('what is taken from a source', () => {
  const blobs = { get: async (key: string) => (key.startsWith('gone') ? undefined : Buffer.from(`<${key}>`)) };
  const attachment = (blob: string, inline: boolean) =>
    ({ n: 0, name: blob, contentType: 'text/plain', size: 1, method: 1, inline, blob }) as const;
  const content = (over: Partial<EmailContent> = {}) => emailContent('m', { cc: 'c@x.org', ...over });

  test('is what it says, from the row or from a blob', async () => {
    const { from, to, cc, subject, received } = content();
    const head = { from, to, cc, subject, received };
    expect(await originalOf(content(), blobs)).toEqual({ ...head, text: 'Hello', html: undefined });
    const long = { text: { size: 9, prefix: 'Hel', blob: 't' }, html: { size: 9, prefix: '<p', blob: 'h' } };
    expect(await originalOf(content(long), blobs)).toEqual({ ...head, text: '<t>', html: '<h>' });
  });

  test('is all of its files, or those that its HTML shows', async () => {
    const files = content({ attachments: [attachment('a', false), attachment('b', true)] });
    const names = async (which: 'all' | 'inline') => (await enclosuresOf(files, which, blobs)).map(({ name }) => name);
    expect(await names('all')).toEqual(['a', 'b']);
    expect(await names('inline')).toEqual(['b']);
    const [first] = await enclosuresOf(files, 'all', blobs);
    expect(first).toMatchObject({ name: 'a', contentType: 'text/plain', inline: false, content: Buffer.from('<a>') });
    expect(first).not.toHaveProperty('blob');
  });

  test('is the whole of it as a file', async () => {
    const mime = { blob: 'whole', size: 7 };
    expect(await sourceAsFile(content({ mime }), blobs)).toEqual({
      name: 'message.eml',
      contentType: 'message/rfc822',
      content: Buffer.from('<whole>'),
      inline: false,
    });
  });

  test('ends the request where a part of it is gone', async () => {
    const gone = { blob: 'gone', size: 7 };
    for (const taking of [
      sourceAsFile(content({ mime: gone }), blobs),
      originalOf(content({ text: { size: 9, prefix: '', blob: 'gone' } }), blobs),
      enclosuresOf(content({ attachments: [attachment('gone', true)] }), 'inline', blobs),
    ]) {
      await expect(taking).rejects.toMatchObject({ status: 150 });
    }
  });
});
