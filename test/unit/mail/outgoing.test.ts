import { describe, expect, test } from 'vitest';
import { mailbox, mailDate, prepareOutgoing } from '../../../lib/mail/outgoing.ts';
import { splitMessage } from '../../../lib/mail/raw-message.ts';

const NOW = Date.UTC(2026, 0, 15, 12);

function prepare(raw: string, name = 'Ann') {
  const sender = { address: 'ann@x.test', name, owns: (address: string) => address.endsWith('@x.test') };
  return prepareOutgoing(splitMessage(Buffer.from(raw))!, { sender, now: NOW, messageId: '<new@x.test>' });
}
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe('a message on its way out', () => {
  test('keeps the date and the id that it has', () => {
    const out = prepare('From: b@x.test\r\nDate: Mon, 01 Jan 2024 00:00:00 +0000\r\nMessage-Id: <1@b>\r\n\r\nx');
    expect(text(out.sent)).toBe(
      'MIME-Version: 1.0\r\nFrom: b@x.test\r\nDate: Mon, 01 Jan 2024 00:00:00 +0000\r\nMessage-Id: <1@b>\r\n\r\nx',
    );
    expect(out).toMatchObject({ from: 'b@x.test', messageId: '<1@b>', recipients: [], hops: 0 });
  });

  test('is told from its copy by Bcc alone', () => {
    const out = prepare('From: b@x.test\r\nTo: c@y.test\r\nBcc: d@y.test\r\nBcc: e@y.test\r\n\r\nx');
    expect(text(out.kept)).toContain('Bcc: d@y.test\r\nBcc: e@y.test\r\n');
    expect(text(out.sent)).toBe(text(out.kept).replace(/Bcc: .*\r\n/g, ''));
    expect(out.recipients).toEqual(['c@y.test', 'd@y.test', 'e@y.test']);
  });

  test('counts the servers that it has passed', () => {
    expect(prepare('Received: a\r\nreceived: b\r\n\r\nx').hops).toBe(2);
  });

  test('is from whoever owns the account, by a name that cannot break out of its field', () => {
    const out = prepare('From: evil@y.test\r\n\r\nx', 'An"n\r\nBcc: evil@y.test');
    expect(text(out.sent).split('\r\n')).toContain('From: "An n  Bcc: evil@y.test" <ann@x.test>');
    expect(out.recipients).toEqual([]);
  });
});

describe('a mailbox', () => {
  test.each([
    ['', 'ann@x.test'],
    ['Ann', '"Ann" <ann@x.test>'],
    ['Lee, Ann', '"Lee, Ann" <ann@x.test>'],
    ['Jürgen', '=?UTF-8?B?SsO8cmdlbg==?= <ann@x.test>'],
  ])('named %j is %j', (name, expected) => expect(mailbox(name, 'ann@x.test')).toBe(expected));
});

test('a date is written as mail writes it', () => expect(mailDate(NOW)).toBe('Thu, 15 Jan 2026 12:00:00 +0000'));
