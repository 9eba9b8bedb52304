import { describe, expect, test } from 'vitest';
import { parseMessage } from '../../../lib/mail/parse.ts';
import { formatServerId } from '../../../lib/mailbox/server-id.ts';
import type { Item } from '../../../lib/mailbox/types.ts';
import type { FolderId } from '../../../lib/ops/ids.ts';
import type { ProtocolVersion } from '../../../lib/protocol/versions.ts';
import { INBOX, mail, openSendWorld, SENT, type SendWorld } from '../../support/send-world.ts';

const VERSIONS: readonly ProtocolVersion[] = [25, 120, 121, 140, 141, 160, 161];
const TRASH = 'trash' as FolderId;
const ORIGINAL = [
  'From: Bob <bob@example.net>',
  'To: ann@example.net, carl@else.test',
  'Cc: dora@else.test',
  'Subject: Plans',
  'Message-ID: <plans@example.net>',
  'References: <first@example.net>',
  'Date: Thu, 15 Jan 2026 11:59:00 +0000',
];

async function received(world: SendWorld, head: readonly string[] = [], body = 'What do you think?'): Promise<Item> {
  const raw = Buffer.from([...ORIGINAL, ...head, '', body, ''].join('\r\n'));
  const { item } = await world.delivery.deliver('ann@example.net', raw, { from: 'bob@example.net', arrival: 'live' });
  return (await world.folder('ann', INBOX)).find(({ id }) => id === item)!;
}
const sourceOf = ({ folder, id }: Item) => ({ Source: { FolderId: folder, ItemId: formatServerId(folder, id) } });
const parsed = (raw: string) => parseMessage(Buffer.from(raw, 'latin1'), { now: 0 });
const relayed = (world: SendWorld) => parsed(world.relay.messages.at(-1)!.raw);
const sourceNow = async (world: SendWorld) => (await world.folder('ann', INBOX))[0]!.content;

describe('a reply', () => {
  test.each(VERSIONS)('quotes the source below, version %i [MS-ASCMD R569 R580 R605]', async (version) => {
    const world = await openSendWorld();
    const source = await received(world);
    expect(await world.ask('reply', mail('carl@else.test', [], 'Good!'), { version, ...sourceOf(source) })).toBe(
      'empty',
    );
    const { text, subject } = await relayed(world);
    expect(subject).toBe('Hi');
    expect(text).toMatch(
      /^Good!\s+-----Original Message-----\nFrom: "Bob" <bob@example\.net>\n.*Subject: Plans\n\nWhat do you think\?$/s,
    );
  });

  test('does not quote what the client wrote whole [MS-ASCMD R3775]', async () => {
    const world = await openSendWorld();
    const source = await received(world);
    await world.ask('reply', mail('carl@else.test', [], 'All of it'), { ...sourceOf(source), ReplaceMime: true });
    const message = await relayed(world);
    expect(message.text.trimEnd()).toBe('All of it');
    expect(message.references).toContain('<plans@example.net>');
  });

  test('hangs on the thread of its source where the client left that out, and on its own otherwise', async () => {
    const world = await openSendWorld();
    const source = await received(world);
    await world.ask('reply', mail('carl@else.test'), sourceOf(source));
    expect((await relayed(world)).references).toEqual(['<first@example.net>', '<plans@example.net>']);
    expect(world.relay.messages[0]!.raw).toContain('In-Reply-To: <plans@example.net>\r\n');
    await world.ask('reply', mail('carl@else.test', ['In-Reply-To: <own@phone>']), sourceOf(source));
    expect((await relayed(world)).references).toEqual(['<own@phone>']);
  });

  test('has HTML and the pictures in it, but no files of the source', async () => {
    const world = await openSendWorld();
    const source = await received(
      world,
      ['MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=m'],
      [
        '--m\r\nContent-Type: multipart/related; boundary=r\r\n',
        '--r\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>See</p><img src="cid:pic@x"></body></html>',
        '--r\r\nContent-Type: image/png; name=p.png\r\nContent-ID: <pic@x>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw==',
        '--r--\r\n--m\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==',
        '--m--',
      ].join('\r\n'),
    );
    await world.ask('reply', mail('carl@else.test', [], 'Nice'), sourceOf(source));
    const message = await relayed(world);
    expect(message.html).toMatch(/Nice.*<p>See<\/p><img src="cid:pic@x">/s);
    expect(message.attachments).toMatchObject([{ name: 'p.png', contentId: 'pic@x', inline: true }]);
  });

  test.each([
    ['signed', 'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary=b'],
    ['encrypted', 'Content-Type: application/pkcs7-mime; name=smime.p7m; smime-type=enveloped-data'],
    ['PGP', 'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b'],
    ['a calendar answer', 'Content-Type: multipart/mixed; boundary=b'],
  ])('that is %s goes as it is', async (kind, type) => {
    const calendar = kind === 'a calendar answer' ? 'text/calendar; method=REPLY' : 'application/pgp-encrypted';
    const part = kind === 'PGP' || kind === 'a calendar answer' ? calendar : 'application/pkcs7-signature';
    const body = `--b\r\nContent-Type: text/plain\r\n\r\nx \r\n--b\r\nContent-Type: ${part}; name=x\r\n\r\nBEGIN:VCALENDAR\r\n--b--\r\n`;
    const world = await openSendWorld();
    await world.ask('reply', mail('carl@else.test', [type], body), sourceOf(await received(world)));
    const { raw } = world.relay.messages[0]!;
    expect(raw.slice(raw.indexOf('\r\n\r\n') + 4)).toBe(`${body}\r\n`);
  });

  test('keeps the files that the client put into it', async () => {
    const world = await openSendWorld();
    const body =
      '--b\r\n\r\nHi\r\n--b\r\nContent-Type: application/pdf; name=new.pdf\r\nContent-Disposition: attachment\r\n\r\nPDF\r\n--b--';
    const message = mail('carl@else.test', ['MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=b'], body);
    await world.ask('reply', message, sourceOf(await received(world)));
    expect((await relayed(world)).attachments).toMatchObject([{ name: 'new.pdf' }]);
  });

  test('of a long HTML message quotes all of it, from its blob', async () => {
    const world = await openSendWorld();
    const long = `<html><body>${'<p>word</p>'.repeat(5_000)}THE END</body></html>`;
    const source = await received(world, ['Content-Type: text/html; charset=utf-8'], long.replace(/.{900}/g, '$&\r\n'));
    expect(source.content.html!.blob).toBeDefined();
    await world.ask('reply', mail('carl@else.test'), sourceOf(source));
    const { html, text } = await relayed(world);
    expect(html).toContain('THE END');
    expect(text).toContain('THE END');
  });
});

describe('the source of a reply', () => {
  test.each([
    ['to its author alone', 'bob@example.net', 1],
    ['to its author and another recipient', 'bob@example.net, carl@else.test', 2],
    ['to its author and a copied one', 'bob@example.net, DORA@else.test', 2],
    ['to its author and somebody new', 'bob@example.net, emil@else.test', 1],
    ['to its author and oneself', 'bob@example.net, ann@example.net', 1],
  ])('shows what was done, %s [MS-ASEMAIL R510 R514]', async (_, to, lastVerb) => {
    const world = await openSendWorld();
    await world.ask('reply', mail(to), sourceOf(await received(world)));
    const source = (await world.folder('ann', INBOX)).find(({ content }) => content.subject === 'Plans')!;
    expect(source.content).toMatchObject({ lastVerb, lastVerbAt: world.clock.now() });
  });

  test('is changed for every device, the sending one too', async () => {
    const world = await openSendWorld();
    const source = await received(world);
    const mailbox = world.mailboxes.open(world.ann.id);
    await world.ask('reply', mail('bob@example.net'), sourceOf(source));
    const { rows } = await mailbox.log(INBOX, { seq: source.seq, n: 9 }, 10);
    expect(rows).toMatchObject([{ item: source.id, kind: 'change' }]);
    expect(rows[0]!.origin).toBeUndefined();
  });

  test('is marked by the repetition where the first request died before it', async () => {
    const world = await openSendWorld();
    const source = await received(world);
    const at = world.clock.now();
    let died = false;
    world.table.faults = {
      write: (writes) => {
        const marks = writes.some((write) => write.op === 'put' && write.row.sk === `M#inbox#${source.id}`);
        if (!marks || died) return undefined;
        died = true;
        throw new Error('killed');
      },
    };
    const again = { ...sourceOf(source), ClientId: 'one' };
    await world.ask('reply', mail('carl@else.test'), again);
    expect((await sourceNow(world)).lastVerb).toBeUndefined();
    await world.clock.advance(60_000);
    expect(await world.ask('reply', mail('carl@else.test'), again)).toBe(118);
    expect(await sourceNow(world)).toMatchObject({ lastVerb: 2, lastVerbAt: at });
    expect(world.relay.messages).toHaveLength(1);
  });

  test('that was deleted after the mail went out does not make the repetition a failure', async () => {
    const world = await openSendWorld();
    const source = await received(world);
    const again = { ...sourceOf(source), ClientId: 'one' };
    await world.ask('reply', mail('carl@else.test'), again);
    await world.mailboxes.open(world.ann.id).remove(INBOX, [source.id]);
    expect(await world.ask('reply', mail('carl@else.test'), again)).toBe(118);
  });

  test('is found where it was moved to, and by its id alone in the Inbox [MS-ASHTTP R527]', async () => {
    const world = await openSendWorld();
    const source = await received(world);
    expect(await world.ask('reply', mail('bob@example.net'), { Source: { ItemId: source.id } })).toBe('empty');
    const moved = await world.mailboxes.open(world.ann.id).move(INBOX, source.id, TRASH);
    await world.mailboxes.open(world.ann.id).move(TRASH, moved.id, SENT);
    expect(await world.ask('reply', mail('carl@else.test'), sourceOf(source))).toBe('empty');
    const [now] = await world.folder('ann', SENT);
    expect(now!.content).toMatchObject({ subject: 'Plans', lastVerb: 2 });
  });

  test.each<[string, object, number]>([
    ['that never was [MS-ASCMD R4930]', { ItemId: 'inbox:01ARZ3NDEKTSV4RRFFQ69G5FAV', FolderId: 'inbox' }, 150],
    ['in a folder that is none', { ItemId: 'nowhere:01ARZ3NDEKTSV4RRFFQ69G5FAV' }, 150],
    ['with an id that no server gave', { ItemId: '../../etc', FolderId: 'inbox' }, 150],
    ['with a LongId that no server gave', { LongId: 'x' }, 150],
    ['with an id of both kinds [MS-ASCMD R4821]', { LongId: 'x', ItemId: 'y' }, 105],
    ['with a folder beside a LongId', { LongId: 'x', FolderId: 'inbox' }, 105],
    ['without an id', { FolderId: 'inbox' }, 105],
  ])('%s is refused, and nothing is sent', async (_, Source, status) => {
    const world = await openSendWorld();
    expect(await world.ask('reply', mail('carl@else.test'), { Source })).toBe(status);
    expect(await world.ask('reply', mail('carl@else.test'), { Source, version: 121 })).toBe(status);
    expect(world.relay.messages).toEqual([]);
  });

  test('has no occurrences where it is no meeting [MS-ASCMD R4930]', async () => {
    const world = await openSendWorld();
    const source = await received(world);
    const { Source } = sourceOf(source);
    expect(await world.ask('reply', mail('carl@else.test'), { Source: { ...Source, InstanceId: 0 } })).toBe(150);
  });
});
