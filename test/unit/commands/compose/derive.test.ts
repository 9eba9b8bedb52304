import { describe, expect, test } from 'vitest';
import { derive, withThread } from '../../../../lib/commands/compose/derive.ts';
import { parseMessage, unparsedMessage } from '../../../../lib/mail/parse.ts';
import { joinMessage, splitMessage } from '../../../../lib/mail/raw-message.ts';
import type { EmailContent } from '../../../../lib/mail/types.ts';
import { ProtocolFailure } from '../../../../lib/protocol/command.ts';
import { emailContent } from '../../../support/mailboxes.ts';

const written = (head = '', body = 'Mine') =>
  splitMessage(Buffer.from(`To: bob@example.com\r\n${head}\r\n${body}`.replace(/\r?\n/g, '\r\n')))!;
const source = (over: Partial<EmailContent> = {}) => emailContent('m', over);
const file = (size: number, inline: boolean) =>
  ({ n: 0, name: 'a', contentType: 'text/plain', size, method: 1, inline, blob: 'b' }) as const;

const noBlobs = { get: async () => undefined };

describe('the thread of an answer', () => {
  const fieldsOf = (over: Partial<EmailContent>, head = '') =>
    withThread(written(head), source(over), 0)
      .fields.map(({ line }) => line)
      .filter((line) => /^(in-reply-to|references)/i.test(line));

  test('is that of its source, with what the source hangs on', () => {
    expect(fieldsOf({})).toEqual(['In-Reply-To: <m@example.com>', 'References: <m@example.com>']);
    expect(fieldsOf({ references: ['<a@x>', '<b@x>'] })).toEqual([
      'In-Reply-To: <m@example.com>',
      'References: <a@x>\r\n <b@x>\r\n <m@example.com>',
    ]);
  });

  test.each(['In-Reply-To: <x@y>\r\n', 'references: <x@y>\r\n'])(
    'is its own where the client wrote one: %j',
    (head) => {
      expect(fieldsOf({}, head)).toEqual([head.trim()]);
    },
  );

  test('has fields that are found by their names', () => {
    const { fields } = withThread(written(), source(), 0);
    expect(fields.map(({ name }) => name)).toEqual(expect.arrayContaining(['in-reply-to', 'references']));
  });

  test('is none where the source has no name', () => {
    expect(fieldsOf({ messageId: undefined })).toEqual([]);
  });
});

describe('the index of a thread', () => {
  const HEADER = '01'.repeat(22);
  const indexOf = (conversationIndex: string, head = '') => {
    const { fields } = withThread(written(head), source({ conversationIndex }), Date.UTC(2026, 0, 15));
    return fields.filter(({ name }) => name === 'thread-index').map(({ line }) => line);
  };
  const bytesOf = (line: string) => Buffer.from(line.slice('Thread-Index:'.length).replace(/\s/g, ''), 'base64');

  test('has that of the source and one level more', () => {
    const [line, ...more] = indexOf(HEADER);
    expect(more).toEqual([]);
    expect(bytesOf(line!).toString('hex')).toMatch(new RegExp(`^${HEADER}[0-9a-f]{10}$`));
  });

  test('is broken into lines where it is long', () => {
    const long = `${HEADER}${'0203040506'.repeat(30)}`;
    const [line] = indexOf(long);
    expect(bytesOf(line!).toString('hex').startsWith(long)).toBe(true);
    for (const part of line!.split('\r\n ')) expect(part.length).toBeLessThanOrEqual(84);
    expect(line!.split('\r\n ')).toHaveLength(4);
  });

  test('is its own where the client wrote one, and none where the source has none', () => {
    expect(indexOf(HEADER, 'Thread-Index: AQ==\r\n')).toEqual(['Thread-Index: AQ==']);
    expect(indexOf('01')).toEqual([]);
  });

  test('stands also where the client says whose answer it is', () => {
    const { fields } = withThread(written('References: <x@y>\r\n'), source({ conversationIndex: HEADER }), 0);
    expect(fields.map(({ name }) => name)).toEqual(['to', 'references', 'thread-index']);
  });
});

describe('what goes with an answer', () => {
  const from = async (
    verb: 'reply' | 'forward',
    over: Partial<EmailContent>,
    maxBytes = 1_000_000,
    message = written(),
  ) => {
    const blobs = { get: async () => Buffer.from('file') };
    const made = await derive(message, source(over), { verb, now: 0, maxBytes, blobs, parse: parseMessage });
    return joinMessage(made).toString('latin1');
  };
  const tooMuch = (error: unknown) => error instanceof ProtocolFailure && error.status === 122;
  const bare = { text: { size: 100, prefix: 'x'.repeat(100) } };

  test.each<[string, 'reply' | 'forward', Partial<EmailContent>, number]>([
    ['its text', 'reply', bare, 100],
    ['its text and HTML', 'reply', { ...bare, html: { size: 50, prefix: '<p>' } }, 150],
    ['pictures of a reply, a third longer', 'reply', { ...bare, attachments: [file(300, true)] }, 500],
    ['no files of a reply', 'reply', { ...bare, attachments: [file(300, false)] }, 100],
    ['files of a forward, a third longer', 'forward', { ...bare, attachments: [file(300, false)] }, 500],
    [
      'all of a sealed message that is forwarded',
      'forward',
      { messageClass: 'IPM.Note.SMIME', text: { size: 0, prefix: '' }, mime: { blob: 'b', size: 777 } },
      777,
    ],
    [
      'nothing of a sealed message that is answered',
      'reply',
      { messageClass: 'IPM.Note.SMIME', text: { size: 0, prefix: '' }, mime: { blob: 'b', size: 777 } },
      0,
    ],
  ])('is counted before it is read: %s', async (_, verb, over, bytes) => {
    await expect(from(verb, over, bytes)).resolves.toContain('Mine');
    await expect(from(verb, over, bytes - 1)).rejects.toSatisfy(tooMuch);
  });

  test('of a sealed message is the whole of it for a forward, and nothing for a reply', async () => {
    const sealed = { messageClass: 'IPM.Note.SMIME', text: { size: 0, prefix: '' } };
    expect(await from('forward', sealed)).toContain('message/rfc822');
    expect(await from('reply', sealed)).not.toContain('message/rfc822');
    const kind = { messageClass: 'IPM.Note.SMIME.Sealed', text: { size: 0, prefix: '' } };
    expect(await from('forward', kind)).toContain('message/rfc822');
    // Signed in the clear, it can be quoted.
    const empty = { messageClass: 'IPM.Note', text: { size: 0, prefix: '' } };
    expect(await from('forward', empty)).not.toContain('message/rfc822');
    const signed = { messageClass: 'IPM.Note.SMIME.MultipartSigned' };
    expect(await from('forward', signed)).not.toContain('message/rfc822');
    expect(await from('forward', signed)).toContain('Hello');
  });

  test('is all of its files for a forward, and its pictures alone for a reply', async () => {
    const files = {
      attachments: [
        { ...file(4, false), name: 'list.txt' },
        { ...file(4, true), name: 'logo.txt' },
      ],
    };
    const forward = await from('forward', files);
    expect([forward.includes('list.txt'), forward.includes('logo.txt')]).toEqual([true, true]);
    const reply = await from('reply', files);
    expect([reply.includes('list.txt'), reply.includes('logo.txt')]).toEqual([false, true]);
  });

  test('is left out where the answer could not be read whole', async () => {
    const asked: { raw: Buffer; now: number }[] = [];
    const parse: typeof parseMessage = async (raw, { now }) => {
      asked.push({ raw: Buffer.from(raw), now });
      return unparsedMessage(raw, { now });
    };
    const message = written();
    const made = await derive(message, source(), { verb: 'forward', now: 7, maxBytes: 1000, blobs: noBlobs, parse });
    expect(made).toBe(message);
    expect(asked).toEqual([{ raw: joinMessage(message), now: 7 }]);
  });

  test('is put into an answer that has files of its own', async () => {
    const head = 'Content-Type: multipart/mixed; boundary=b\r\n';
    const own = 'Content-Type: text/plain\r\nContent-Disposition: attachment; filename=own.txt\r\n\r\nalpha\r\n';
    const message = written(head, `--b\r\n\r\nMine\r\n--b\r\n${own}--b--\r\n`);
    const made = await from('reply', { text: { size: 6, prefix: 'Theirs' } }, 1_000_000, message);
    for (const part of ['Mine', 'Theirs', 'own.txt']) expect(made).toContain(part);
  });

  test.each<[string, string]>([
    ['signed', 'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary=b\r\n'],
    ['encrypted', 'Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n'],
    ['encrypted with PGP', 'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b\r\n'],
    ['an invitation', 'Content-Type: text/calendar; method=REQUEST\r\n'],
    ['with a calendar in it', 'Content-Type: multipart/mixed; boundary=b\r\n'],
    ['more than anybody can read', 'Content-Type: multipart/mixed; boundary=b0\r\n'],
  ])('is nothing where the answer is %s', async (kind, head) => {
    const deep = Array.from(
      { length: 60 },
      (_, n) => `--b${n}\r\nContent-Type: multipart/mixed; boundary=b${n + 1}\r\n\r\n`,
    );
    const body = kind.startsWith('more')
      ? deep.join('')
      : kind.endsWith('PGP')
        ? '--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b--\r\n'
        : kind === 'signed'
          ? '--b\r\n\r\nMine\r\n--b\r\nContent-Type: application/pkcs7-signature\r\n\r\nMAA=\r\n--b--\r\n'
          : kind.startsWith('with')
            ? '--b\r\n\r\nMine\r\n--b\r\nContent-Type: text/calendar\r\nContent-Disposition: attachment\r\n\r\nBEGIN:VCALENDAR\r\n--b--\r\n'
            : 'Mine';
    const message = written(head, body);
    expect(await from('forward', {}, 1_000_000, message)).toBe(joinMessage(message).toString('latin1'));
  });
});
