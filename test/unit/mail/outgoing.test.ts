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

  test('is one with its copy where there is no Bcc: forty megabytes are in memory once', () => {
    const { sent, kept } = prepare('From: b@x.test\r\nTo: c@y.test\r\n\r\nx');
    expect(sent).toBe(kept);
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

const fromOf = (out: { readonly sent: Uint8Array }) =>
  text(out.sent)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
    .filter((line) => /^from\b/i.test(line));

describe('the author that every reader sees', () => {
  test.each([
    ['two addresses in brackets', 'From: <me@x.test> <boss@corp.test>', 'From: "Ann" <me@x.test>'],
    ['a second address on a line of its own', 'From: me@x.test\r\n\tboss@corp.test', 'From: "Ann" <me@x.test>'],
    ['an address before the brackets', 'From: boss@corp.test <me@x.test>', 'From: "Ann" <me@x.test>'],
    ['an address in a comment', 'From: me@x.test (boss@corp.test)', 'From: "Ann" <me@x.test>'],
    ['an address in quotes', 'From: "boss@corp.test" <me@x.test>', 'From: "Ann" <me@x.test>'],
    ['an address in quotes in quotes', 'From: "B \\"x\\" <b@c.test>" <me@x.test>', 'From: "Ann" <me@x.test>'],
    ['an encoded address', 'From: =?utf-8?Q?B_=3Cb=40c.test=3E?= <me@x.test>', 'From: "Ann" <me@x.test>'],
    ['an empty bracket', 'From: me@x.test <>', 'From: me@x.test'],
    ['a bracket that stays open', 'From: <me@x.test', 'From: me@x.test'],
    ['two brackets', 'From: <a <me@x.test>', 'From: me@x.test'],
    ['a group', 'From: Team: me@x.test;', 'From: me@x.test'],
    ['a comment', 'From: Me (too) <me@x.test>', 'From: "Me" <me@x.test>'],
    ['a blank before the colon', 'From : me@x.test', 'From: me@x.test'],
    ['bytes that are no ASCII', 'From: J\u00fcrgen <me@x.test>', 'From: =?UTF-8?B?SsO8cmdlbg==?= <me@x.test>'],
    ['an empty line of blanks', 'From: Me\r\n \r\n <me@x.test>', 'From: "Me" <me@x.test>'],
    ['a domain in other letters', 'From: me@\uff58.test', 'From: me@x.test'],
  ])('is the account where From has %s', (_, line, expected) => {
    const sender = { address: 'ann@x.test', name: 'Ann', owns: (one: string) => /^me@[x\uff58]\.test$/.test(one) };
    const raw = splitMessage(Buffer.from(`${line}\r\nTo: c@y.test\r\n\r\nx`))!;
    const out = prepareOutgoing(raw, { sender, now: NOW, messageId: '<1@x.test>' });
    expect([fromOf(out), out.from]).toEqual([[expected], 'me@x.test']);
    expect(text(out.kept)).not.toMatch(/boss|b@c/);
  });

  test.each([
    'From: me@x.test',
    'from: <me@x.test>',
    'From:me+tag@x.test ',
    'From: Me Myself <me@x.test>',
    'From: "Me, Myself" <me@x.test>',
    'From: "me@x.test" <me@x.test>',
    'From: =?UTF-8?Q?M=C3=A9=2C_Myself?= <me@x.test>',
    'From: =?UTF-8?Q?M=C3=A9?=\r\n =?UTF-8?Q?_Myself?=\r\n <me@x.test>',
  ])('stays as the client wrote it where there is one way to read it: %j', (line) => {
    const body = Buffer.from('\u00fc \r\n\r\n--b\r\n');
    const out = prepare(`${line}\r\nTo: c@y.test\r\n\r\n${body}`);
    expect(text(out.sent)).toContain(`${line}\r\n`);
    expect(Buffer.from(out.sent).subarray(-body.length)).toEqual(body);
  });

  test('is no other for Sender, a second From, or fields of who passes a message on', () => {
    const foreign = ['From: boss@corp.test', 'Sender: boss@corp.test', 'Resent-From: boss@corp.test'];
    const more = ['Resent-Sender: boss@corp.test', 'Resent-To: boss@corp.test', 'RESENT-BCC: boss@corp.test'];
    const out = prepare(['From: me@x.test', ...foreign, ...more, '', 'x'].join('\r\n'));
    expect(fromOf(out)).toEqual(['From: "Ann" <ann@x.test>']);
    expect(text(out.kept)).not.toContain('boss');
  });

  test('has a name that fits a line of mail', () => {
    const out = prepare(`From: (${'\u{1f600}'.repeat(5000)}) <me@x.test>\r\n\r\nx`);
    expect(fromOf(out)[0]).toMatch(/^From: =\?UTF-8\?B\?.* <me@x\.test>$/);
    expect(
      Math.max(
        ...text(out.sent)
          .split('\r\n')
          .map((line) => line.length),
      ),
    ).toBeLessThan(998);
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
