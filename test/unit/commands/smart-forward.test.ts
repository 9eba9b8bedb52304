import { describe, expect, test } from 'vitest';
import { parseMessage } from '../../../lib/mail/parse.ts';
import { formatServerId } from '../../../lib/mailbox/server-id.ts';
import type { Item } from '../../../lib/mailbox/types.ts';
import type { ProtocolVersion } from '../../../lib/protocol/versions.ts';
import { INBOX, mail, openSendWorld, type SendWorld } from '../../support/send-world.ts';

const VERSIONS: readonly ProtocolVersion[] = [25, 120, 121, 140, 141, 160, 161];
const WITH_FILE = [
  'From: Bob <bob@example.net>',
  'To: ann@example.net',
  'Subject: Report',
  'Message-ID: <report@example.net>',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=m',
  '',
  '--m',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'See the file.',
  '--m',
  'Content-Type: application/pdf; name="report.pdf"',
  'Content-Disposition: attachment; filename="report.pdf"',
  'Content-Transfer-Encoding: base64',
  '',
  'AP8NCi4NCg==',
  '--m--',
  '',
].join('\r\n');

async function received(world: SendWorld, raw = WITH_FILE): Promise<Item> {
  const envelope = { from: 'bob@example.net', arrival: 'live' } as const;
  const { item } = await world.delivery.deliver('ann@example.net', Buffer.from(raw, 'latin1'), envelope);
  return (await world.folder('ann', INBOX)).find(({ id }) => id === item)!;
}
const sourceOf = ({ folder, id }: Item) => ({ Source: { FolderId: folder, ItemId: formatServerId(folder, id) } });
const relayed = (world: SendWorld) => parseMessage(Buffer.from(world.relay.messages.at(-1)!.raw, 'latin1'), { now: 0 });

test('a forward is read by whoever reads large messages', async () => {
  const read: number[] = [];
  const world = await openSendWorld({
    parse: (raw, options) => {
      read.push(raw.length);
      return parseMessage(raw, options);
    },
  });
  const source = await received(world);
  const large = 'x'.repeat(50_000);
  expect(await world.ask('forward', mail('carl@else.test', [], large), sourceOf(source))).toBe('empty');
  expect(read).toHaveLength(1);
  expect(read[0]).toBeGreaterThan(50_000);
});

describe('a forward', () => {
  test.each(VERSIONS)('takes text and files along, version %i [MS-ASCMD R532 R545 R568]', async (version) => {
    const world = await openSendWorld();
    const source = await received(world);
    expect(await world.ask('forward', mail('carl@else.test', [], 'FYI'), { version, ...sourceOf(source) })).toBe(
      'empty',
    );
    const { text, attachments } = await relayed(world);
    expect(text).toMatch(/^FYI\s.*Subject: Report\n\nSee the file\.$/s);
    expect(attachments).toMatchObject([{ name: 'report.pdf', contentType: 'application/pdf' }]);
    expect(Buffer.from(attachments[0]!.content).toString('hex')).toBe('00ff0d0a2e0d0a');
    expect((await world.folder('ann', INBOX))[0]!.content).toMatchObject({ lastVerb: 3 });
  });

  test('takes nothing along where the client sends all itself [MS-ASCMD R3775]', async () => {
    const world = await openSendWorld();
    const source = await received(world);
    await world.ask('forward', mail('carl@else.test', [], 'FYI'), { ...sourceOf(source), ReplaceMime: true });
    const { text, attachments } = await relayed(world);
    expect(text.trimEnd()).toBe('FYI');
    expect(attachments).toEqual([]);
    expect((await world.folder('ann', INBOX))[0]!.content).toMatchObject({ lastVerb: 3 });
  });

  test('of an encrypted message has it as a file, every byte', async () => {
    const world = await openSendWorld();
    const sealed =
      'From: bob@example.net\r\nTo: ann@example.net\r\nMessage-ID: <s@x>\r\nMIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\nMIAGCSqGSIb3DQEHA6CAMIACAQAx\r\n';
    const source = await received(world, sealed);
    await world.ask('forward', mail('carl@else.test', [], 'FYI'), sourceOf(source));
    const { text, attachments } = await relayed(world);
    expect(text).toContain('FYI');
    expect(attachments).toMatchObject([{ name: 'message.eml', method: 5 }]);
    const inner = await parseMessage(attachments[0]!.content, { now: 0 });
    expect(inner.messageClass).toBe('IPM.Note.SMIME');
    expect(Buffer.from(inner.attachments[0]!.content).toString('base64')).toBe('MIAGCSqGSIb3DQEHA6CAMIACAQAx');
  });

  test('of more than may be sent is 122, without reading it [MS-ASCMD R4860]', async () => {
    const world = await openSendWorld({ send: { maxBytes: 4_000 } });
    const file = WITH_FILE.replace(
      'AP8NCi4NCg==',
      Buffer.alloc(4_000, 7).toString('base64').replace(/.{76}/g, '$&\r\n'),
    );
    const source = await received(world, file);
    expect(await world.ask('forward', mail('carl@else.test'), sourceOf(source))).toBe(122);
    // A reply takes no file along, and so it goes.
    expect(await world.ask('reply', mail('carl@else.test'), sourceOf(source))).toBe('empty');
  });

  test('of what has lost a part is 150', async () => {
    const world = await openSendWorld();
    const source = await received(world);
    await world.store.blobs.delete([source.content.attachments[0]!.blob]);
    expect(await world.ask('forward', mail('carl@else.test'), sourceOf(source))).toBe(150);
    expect(world.relay.messages).toEqual([]);
  });
});

describe('a forward to Forwardees', () => {
  const Forwardees = { Forwardee: [{ Name: 'Carl, C.', Email: 'carl@else.test' }, { Email: 'bob@example.net' }] };

  test.each<ProtocolVersion>([160, 161])('is written by the server, version %i', async (version) => {
    const world = await openSendWorld();
    const over = { version, ...sourceOf(await received(world)), Forwardees, Body: { Type: 1, Data: 'Grüße' } };
    expect(await world.ask('forward', undefined, over)).toBe('empty');
    const message = await relayed(world);
    expect(message).toMatchObject({ subject: 'FW: Report', from: '"Ann Lee" <ann@example.net>' });
    expect(message.to).toBe('"Carl, C." <carl@else.test>, bob@example.net');
    expect(message.text).toMatch(/^Grüße\s.*See the file\.$/s);
    expect(message.attachments).toHaveLength(1);
  });

  test.each<[string, object, number]>([
    ['beside a message [MS-ASCMD R7467]', { Mime: Buffer.from(mail('carl@else.test')) }, 178],
    ['beside SaveInSentItems', { SaveInSentItems: true }, 178],
    ['beside ReplaceMime', { ReplaceMime: true }, 178],
    ['that are no addresses [MS-ASCMD R7470]', { Forwardees: { Forwardee: [{ Email: 'carl' }] } }, 179],
    ['of which there are none', { Forwardees: { Forwardee: [] } }, 179],
    ['that are missing beside a Body', { Forwardees: undefined, Body: { Type: 1, Data: 'x' } }, 179],
    [
      'that would be a header of their own',
      { Forwardees: { Forwardee: [{ Email: 'a@x.test\r\nBcc: b@x.test' }] } },
      179,
    ],
  ])('%s is refused', async (_, over, status) => {
    const world = await openSendWorld();
    const source = sourceOf(await received(world));
    expect(await world.ask('forward', undefined, { ...source, Forwardees, ...over })).toBe(status);
    expect(world.relay.messages).toEqual([]);
  });

  test('with a Body beside a message is refused [MS-ASCMD R7468]', async () => {
    const world = await openSendWorld();
    const over = { ...sourceOf(await received(world)), Body: { Type: 1, Data: 'x' } };
    expect(await world.ask('forward', mail('carl@else.test'), over)).toBe(178);
  });
});
