import { describe, expect, test } from 'vitest';
import type { ProtocolVersion } from '../../../lib/protocol/versions.ts';
import { INBOX, mail, openSendWorld, SENT } from '../../support/send-world.ts';

const VERSIONS: readonly ProtocolVersion[] = [25, 120, 121, 140, 141, 160, 161];
const fieldsOf = (raw: string, name: string) =>
  raw
    .split('\r\n\r\n')[0]!
    .replace(/\r\n[ \t]/g, ' ')
    .split('\r\n')
    .filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`));

describe('a message that is sent', () => {
  test.each(VERSIONS)('reaches recipients here and elsewhere, version %i [MS-ASCMD R443 R463]', async (version) => {
    const world = await openSendWorld();
    expect(await world.ask('send', mail('bob@example.net, Carl <carl@else.test>'), { version })).toBe('empty');
    const [got] = await world.folder('bob', INBOX);
    expect(got!.content).toMatchObject({ subject: 'Hi', from: '"Ann" <ann@example.net>', read: false });
    expect(world.relay.messages).toMatchObject([{ from: 'ann@example.net', to: ['carl@else.test'] }]);
    expect(await world.queued()).toBe(0);
  });

  test.each(VERSIONS)(
    'is kept in Sent Items where that is asked for, version %i [MS-ASHTTP R121 R437]',
    async (version) => {
      const world = await openSendWorld();
      await world.ask('send', mail('bob@example.net'), { version, SaveInSentItems: true });
      await world.ask('send', mail('bob@example.net', ['X-Second: 1']), { version, SaveInSentItems: false });
      const kept = await world.folder('ann', SENT);
      expect(kept).toHaveLength(1);
      expect(kept[0]!.content).toMatchObject({ subject: 'Hi', read: true, received: world.clock.now() });
    },
  );

  test('to oneself is in the Inbox and in Sent Items, each with its own blobs', async () => {
    const world = await openSendWorld();
    await world.ask('send', mail('ann@example.net'), { SaveInSentItems: true });
    const [sent] = await world.folder('ann', SENT);
    const [got] = await world.folder('ann', INBOX);
    expect(sent!.content.mime.blob).not.toBe(got!.content.mime.blob);
    expect(got!.content.read).toBe(false);
  });

  test('under several addresses of one account is one item', async () => {
    const world = await openSendWorld();
    await world.ask('send', mail('ann@example.net, SALES@example.org', ['Cc: ann@EXAMPLE.net']));
    expect(await world.folder('ann', INBOX)).toHaveLength(1);
  });

  test('goes out without its Bcc, which the copy keeps; the hidden recipient gets it', async () => {
    const world = await openSendWorld();
    await world.ask('send', mail('carl@else.test', ['bCC : bob@example.net,', '\tdora@else.test']), {
      SaveInSentItems: true,
    });
    const [relayed] = world.relay.messages;
    expect(relayed!.to).toEqual(['carl@else.test', 'dora@else.test']);
    expect(relayed!.raw.toLowerCase()).not.toMatch(/bcc|dora|bob@/);
    const [got] = await world.folder('bob', INBOX);
    expect((await world.raw(got!)).toLowerCase()).not.toMatch(/bcc|dora/);
    const [kept] = await world.folder('ann', SENT);
    expect(kept!.content.bcc).toBe('bob@example.net, dora@else.test');
  });

  test('carries what a mail needs where the client left it out', async () => {
    const world = await openSendWorld();
    await world.ask('send', 'To: carl@else.test\r\n\r\nHello\r\n');
    const raw = world.relay.messages[0]!.raw;
    expect(fieldsOf(raw, 'From')).toEqual(['From: "Ann Lee" <ann@example.net>']);
    expect(fieldsOf(raw, 'Date')).toEqual([`Date: Thu, 15 Jan 2026 12:00:00 +0000`]);
    expect(fieldsOf(raw, 'Message-ID')[0]).toMatch(/^Message-ID: <[0-9A-Z]{26}@example\.net>$/);
    expect(fieldsOf(raw, 'MIME-Version')).toEqual(['MIME-Version: 1.0']);
  });

  test.each([
    ['its own address', 'Ann L. <ann@example.net>', 'From: Ann L. <ann@example.net>', 'ann@example.net'],
    ['an alias', 'Sales <sales@example.org>', 'From: Sales <sales@example.org>', 'sales@example.org'],
    ['an alias with a tag', 'ann+x@example.net', 'From: ann+x@example.net', 'ann+x@example.net'],
    ['somebody else here', 'Bob <bob@example.net>', 'From: "Ann Lee" <ann@example.net>', 'ann@example.net'],
    ['a stranger', 'ceo@bank.test', 'From: "Ann Lee" <ann@example.net>', 'ann@example.net'],
    ['two authors', 'ann@example.net, ceo@bank.test', 'From: "Ann Lee" <ann@example.net>', 'ann@example.net'],
    [
      'its own name, but not address',
      '"ann@example.net" <ceo@bank.test>',
      'From: "Ann Lee" <ann@example.net>',
      'ann@example.net',
    ],
  ])('under %s has an own address as its author [MS-ASCMD R448]', async (_, From, expected, envelope) => {
    const world = await openSendWorld();
    const message = `From: ${From}\r\nSender: ceo@bank.test\r\nTo: carl@else.test\r\n\r\nx\r\n`;
    expect(await world.ask('send', message)).toBe('empty');
    const { raw, from } = world.relay.messages[0]!;
    expect(fieldsOf(raw, 'From')).toEqual([expected]);
    expect(fieldsOf(raw, 'Sender')).toEqual([]);
    expect(from).toBe(envelope);
  });

  test('with a second From has only its own', async () => {
    const world = await openSendWorld();
    await world.ask('send', mail('carl@else.test', ['FROM: ceo@bank.test']));
    expect(fieldsOf(world.relay.messages[0]!.raw, 'From')).toEqual(['From: "Ann Lee" <ann@example.net>']);
  });

  test.each([
    ['signed', 'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary=b'],
    ['encrypted', 'Content-Type: application/pkcs7-mime; smime-type=enveloped-data'],
    ['8-bit', 'Content-Type: text/plain; charset=iso-8859-1'],
  ])('keeps every byte of a body that is %s', async (_, type) => {
    const body = `--b\r\nContent-Type: text/plain\r\n\r\nGr\xfc\xdfe \x80\xff \t \r\n.\r\n..\r\n--b--\r\n`;
    const world = await openSendWorld();
    await world.ask('send', mail('bob@example.net, carl@else.test', [type], body), { SaveInSentItems: true });
    const bodyOf = (raw: string) => raw.slice(raw.indexOf('\r\n\r\n') + 4);
    expect(bodyOf(world.relay.messages[0]!.raw)).toBe(`${body}\r\n`);
    expect(bodyOf(await world.raw((await world.folder('bob', INBOX))[0]!))).toBe(`${body}\r\n`);
    expect(bodyOf(await world.raw((await world.folder('ann', SENT))[0]!))).toBe(`${body}\r\n`);
  });

  test('has CRLF for every line end, so that nobody sees a second message in it', async () => {
    const world = await openSendWorld();
    await world.ask('send', 'To: carl@else.test\nSubject: x\n\none\n.\nMAIL FROM:<x@y>\r.\rtwo\n');
    expect(world.relay.messages[0]!.raw).not.toMatch(/(^|[^\r])\n|\r(?!\n)/);
  });
});

describe('what cannot be sent', () => {
  test.each([
    ['no recipient', mail(''), 119, 119],
    ['an empty group', mail('undisclosed-recipients:;'), 119, 119],
    ['a name alone', mail('Carl'), 116, 116],
    ['nobody here', mail('nobody@example.net'), 120, 116],
    ['nobody here beside somebody', mail('bob@example.net, nobody@example.org'), 120, 116],
    ['no header', 'Hello', 107, 107],
    ['WBXML in place of a message', '\x03\x01\x6a\x00', 107, 107],
    ['a message in circles', mail('bob@example.net', Array(31).fill('Received: from a')), 120, 120],
  ])('%s is refused, and nothing happens', async (_, message, status, old) => {
    const world = await openSendWorld();
    expect(await world.ask('send', message, { SaveInSentItems: true })).toBe(status);
    expect(await world.ask('send', message, { version: 121, SaveInSentItems: true })).toBe(old);
    expect(await world.folder('ann', SENT)).toEqual([]);
    expect(await world.folder('bob', INBOX)).toEqual([]);
    expect(world.relay.messages).toEqual([]);
    expect(await world.queued()).toBe(0);
  });

  test('is refused with 119 without a recipient, 116 for a name alone, 120 for who is not here [MS-ASCMD R4844 R4853 R4855]', async () => {
    const world = await openSendWorld();
    const statuses = [];
    for (const to of ['', 'Carl', 'nobody@example.net']) statuses.push(await world.ask('send', mail(to)));
    expect(statuses).toEqual([119, 116, 120]);
  });

  test('anybody elsewhere is refused without a relay, and so nobody relays here', async () => {
    const world = await openSendWorld({ relay: false });
    expect(await world.ask('send', mail('carl@else.test'))).toBe(120);
    expect(await world.ask('send', mail('bob@example.net'))).toBe('empty');
  });

  test('a shared domain sends who is not here to the relay', async () => {
    const world = await openSendWorld({ outbound: { relayOwnDomains: true } });
    expect(await world.ask('send', mail('nobody@example.net'))).toBe('empty');
    expect(world.relay.messages[0]!.to).toEqual(['nobody@example.net']);
  });

  test('a message over the limit is 122, up to the limit it goes [MS-ASCMD R4860]', async () => {
    const world = await openSendWorld({ send: { maxBytes: 2_000 } });
    expect(await world.ask('send', mail('bob@example.net', [], 'x'.repeat(2_000)))).toBe(122);
    expect(await world.ask('send', mail('bob@example.net', [], 'x'.repeat(1_500)))).toBe('empty');
  });

  test('too many recipients, or too many in an hour, is 115 [MS-ASCMD R4842]', async () => {
    const world = await openSendWorld({ send: { maxRecipients: 3, recipientsPerHour: 4 } });
    const to = (n: number) => Array.from({ length: n }, (_, i) => `u${i}@else.test`).join(', ');
    expect(await world.ask('send', mail(to(4)))).toBe(115);
    expect(await world.ask('send', mail(to(3)))).toBe('empty');
    expect(await world.ask('send', mail(to(2)))).toBe(115);
    expect(await world.ask('send', mail(to(1)))).toBe('empty');
    await world.clock.advance(3_600_000);
    expect(await world.ask('send', mail(to(2)))).toBe('empty');
  });

  test('nobody may send where the hour has no recipients', async () => {
    const world = await openSendWorld({ send: { recipientsPerHour: 0 } });
    expect(await world.ask('send', mail('bob@example.net'))).toBe(115);
  });

  test('up to the limits it goes: hops, and characters of a ClientId', async () => {
    const world = await openSendWorld({ send: { maxHops: 2 } });
    const hops = (n: number) => mail('bob@example.net', Array(n).fill('Received: from a'));
    expect(await world.ask('send', hops(2))).toBe('empty');
    expect(await world.ask('send', hops(3))).toBe(120);
    expect(await world.ask('send', mail('bob@example.net'), { ClientId: 'x'.repeat(40) })).toBe('empty');
    expect(await world.ask('send', mail('bob@example.net'), { AccountId: world.ann.id })).toBe('empty');
  });

  test.each([
    ['an account that is none [MS-ASCMD R724 R4380]', { AccountId: 'other' }, 166],
    ['a rights template [MS-ASCMD R4960]', { TemplateID: 'x' }, 168],
    ['no ClientId', { ClientId: '' }, 103],
    ['a ClientId over 40 characters', { ClientId: 'x'.repeat(41) }, 103],
    ['no message', { Mime: undefined }, 103],
  ] as const)('%s is refused', async (_, over, status) => {
    const world = await openSendWorld();
    expect(await world.ask('send', mail('bob@example.net'), over)).toBe(status);
    expect(await world.folder('bob', INBOX)).toEqual([]);
  });

  test('14.0 has the rules of the later versions: a ClientId, and 120 for who is not here', async () => {
    const world = await openSendWorld();
    expect(await world.ask('send', mail('bob@example.net'), { version: 140, ClientId: '' })).toBe(103);
    expect(await world.ask('send', mail('nobody@example.net'), { version: 140 })).toBe(120);
  });

  test('limits that are none are no limits at all', async () => {
    await expect(openSendWorld({ send: { maxBytes: Number.NaN } })).rejects.toThrow(RangeError);
    await expect(openSendWorld({ send: { recipientsPerHour: -1 } })).rejects.toThrow(RangeError);
  });
});

describe('header fields that attack', () => {
  test('an encoded line break in a recipient makes no field and no recipient', async () => {
    const world = await openSendWorld();
    await world.ask('send', mail('=?utf-8?q?x=0d=0aBcc:_evil@else.test?= <carl@else.test>'));
    expect(world.relay.messages[0]!.to).toEqual(['carl@else.test']);
  });

  test('fields that only servers write do not go out', async () => {
    const world = await openSendWorld();
    await world.ask('send', mail('carl@else.test', ['Authentication-Results: mx; dkim=pass', 'Return-Path: <x@y>']));
    expect(world.relay.messages[0]!.raw).not.toMatch(/authentication-results|return-path/i);
  });
});
