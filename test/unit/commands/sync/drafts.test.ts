import { describe, expect, test } from 'vitest';
import { SEND_OPTIONS, type SendOptions } from '../../../../lib/commands/compose/options.ts';
import { draftCommands } from '../../../../lib/commands/sync/drafts.ts';
import { Email } from '../../../../lib/documents/items/email.ts';
import { type Folder, FolderType, type Item, type NewItem } from '../../../../lib/mailbox/types.ts';
import type { FolderId } from '../../../../lib/ops/ids.ts';
import type { ProtocolVersion } from '../../../../lib/protocol/versions.ts';
import { ConditionFailed, type Write } from '../../../../lib/store/ports.ts';
import { decodeElement } from '../../../../lib/wbxml/index.ts';
import { bareContext } from '../../../support/query-world.ts';
import { openSendWorld } from '../../../support/send-world.ts';
import { dataOf, elementOf } from '../../../support/sync-phone.ts';

const DRAFTS = { id: 'drafts' as FolderId, type: FolderType.Drafts } as Folder;
const INBOX = { id: 'inbox' as FolderId, type: FolderType.Inbox } as Folder;
const plain = (Data: string) => ({ Type: 1, Data });
const file = (ClientId: string, text: string, more: object = {}) => ({
  ...{ ClientId, Method: 1, Content: Buffer.from(text), DisplayName: `${ClientId}.txt`, ContentType: 'text/plain' },
  ...more,
});

async function writing({
  version = 161,
  options = {},
}: {
  version?: ProtocolVersion;
  options?: Partial<SendOptions>;
} = {}) {
  const world = await openSendWorld();
  const { table, delivery, outbound, mailboxes, ann, clock } = world;
  const { blobs } = world.store;
  const commands = draftCommands({ table, blobs, delivery, outbound, options: { ...SEND_OPTIONS, ...options } });
  const mailbox = mailboxes.open(ann.id);
  const context = bareContext({ version, account: ann, mailbox, clock });
  const now = clock.now();
  const create = (email: Partial<Email>, folder = DRAFTS, seed = 's') => {
    const data = dataOf(email, Math.max(version, 160) as ProtocolVersion);
    return commands.create({ context, folder, mailbox: ann.id, version, clientId: 'c', seed, data, now });
  };
  /** A draft as it lies in the folder. */
  const draft = async (email: Partial<Email>): Promise<Item> => {
    const made = (await create(email)) as NewItem;
    return { ...made, folder: DRAFTS.id, seq: 1, addedSeq: 1, addedAt: now };
  };
  const edit = (item: Item, email: Partial<Email>, folder = DRAFTS) =>
    commands.edit({ context, folder, item, data: dataOf(email, 161), now });
  const edited = async (item: Item, email: Partial<Email>) => {
    const made = await edit(item, email);
    if (!made || !('content' in made)) throw new Error(JSON.stringify(made));
    return { ...item, content: made.content };
  };
  const sent: { copy: NewItem | undefined; writes: readonly Write[] }[] = [];
  const send = (item: Item | undefined, email: Partial<Email> | undefined, folder = DRAFTS, fails?: Error) => {
    const commit = async (copy: NewItem, writes: readonly Write[]) => {
      if (fails) throw fails;
      sent.push({ copy, writes });
    };
    return commands.send({ context, folder, draft: item, data: email && dataOf(email, 161), seed: 's', now, commit });
  };
  const mime = async ({ content }: Pick<Item, 'content'>) =>
    Buffer.from((await blobs.get(content.mime.blob))!).toString();
  return { world, commands, create, draft, edit, edited, send, sent, mime, blobs };
}

describe('a draft that is added', () => {
  test('is an unsent message of the account, read, with what the client wrote', async () => {
    const { draft, mime } = await writing();
    const item = await draft({ To: 'bob@else.test', Subject: 'Plan', Body: plain('Words') });
    expect(item).toMatchObject({
      class: 'Email',
      content: { subject: 'Plan', isDraft: true, read: true, attachments: [] },
    });
    expect(item.content.to).toContain('bob@else.test');
    expect(item.content.from).toContain('ann@example.net');
    expect(item.content.text.prefix.trim()).toBe('Words');
    expect(await mime(item)).toMatch(/^Message-ID: <[0-9a-z]{26}@example\.net>/m);
    expect((await draft({ Subject: 'Bare' })).content.text.prefix.trim()).toBe('');
  });

  test('came with 16.0, in all that is done with it', async () => {
    const { commands, draft, edit, send, sent } = await writing({ version: 160 });
    const item = await draft({ To: 'bob@example.net', Subject: 'One' });
    expect(await edit(item, { Subject: 'Two' })).toMatchObject({ content: { subject: 'Two' } });
    expect(await send(item, undefined)).toBe(1);
    expect(sent).toHaveLength(1);
    expect(commands.confirm(item, dataOf({ Subject: 'x' }, 160), 'Add', 160)).toBeDefined();
  });

  test('has the same id when it comes again, and another for another command', async () => {
    const { create } = await writing();
    const idOf = async (seed: string) => ((await create({ Subject: 'x' }, DRAFTS, seed)) as NewItem).id;
    expect(await idOf('a')).toBe(await idOf('a'));
    expect(await idOf('b')).not.toBe(await idOf('a'));
  });

  test.each<[string, ProtocolVersion, Folder]>([
    ['in another folder [MS-ASCMD R755]', 161, INBOX],
    ['before 16.0', 141, DRAFTS],
  ])('%s is status 6', async (_, version, folder) => {
    expect(await (await writing({ version })).create({ Subject: 'x' }, folder)).toEqual({ status: 6 });
  });

  test('that says what no client may say is status 6', async () => {
    expect(await (await writing()).create({ Subject: 'x', Sender: 'eve@else.test' })).toEqual({ status: 6 });
  });

  test('takes flags and categories along', async () => {
    const { draft } = await writing();
    const { content } = await draft({ Subject: 'x', Categories: { Category: ['Blue'] }, Read: false });
    expect(content).toMatchObject({ categories: ['Blue'], read: false });
  });

  test('may be as long as a message may be, and no longer', async () => {
    const body = { Subject: 'x', Body: plain('y'.repeat(500)) };
    expect(await (await writing({ options: { maxBytes: 400 } })).create(body)).toEqual({ status: 122 });
    expect(await (await writing({ options: { maxBytes: 1500 } })).create(body)).toMatchObject({ class: 'Email' });
  });

  test('has 250 attachments at most', async () => {
    const { create } = await writing();
    const files = (count: number) => ({ Add: Array.from({ length: count }, (_, n) => file(`f${n}`, 'x')) });
    expect(await create({ Attachments: files(251) })).toEqual({ status: 6 });
    expect(await create({ Attachments: files(250) })).toMatchObject({ class: 'Email' });
  });

  test('keeps its attachments beside it, each by the name that the client gave it', async () => {
    const { draft, blobs } = await writing();
    const rfc = { ContentType: 'message/rfc822', ContentId: '<c@x>', IsInline: true, ContentLocation: 'l' };
    const { content } = await draft({
      Body: plain('x'),
      Attachments: { Add: [file('f1', 'alpha'), file('f2', 'beta', rfc)] },
    });
    expect(content.attachments).toMatchObject([
      { n: 0, name: 'f1.txt', clientId: 'f1', contentType: 'text/plain', method: 1, inline: false, size: 5 },
      {
        n: 1,
        clientId: 'f2',
        contentType: 'message/rfc822',
        method: 5,
        inline: true,
        contentId: 'c@x',
        contentLocation: 'l',
      },
    ]);
    expect(content.attachments[0]).not.toHaveProperty('contentId');
    const bytes = await Promise.all(content.attachments.map(({ blob }) => blobs.get(blob)));
    expect(bytes.map((one) => Buffer.from(one!).toString())).toEqual(['alpha', 'beta']);
  });

  test('has types for attachments that say none, and pictures only where they can be named', async () => {
    const { draft } = await writing();
    const bare = { ContentType: undefined };
    const add = [
      file('f1', 'a', { ...bare, Method: 5 }),
      file('f2', 'b', bare),
      file('f3', 'c', { IsInline: true }),
      file('f4', 'd', { ContentId: 'd@x' }),
    ];
    const { content } = await draft({ Body: plain('x'), Attachments: { Add: add } });
    expect(content.attachments.map(({ contentType, method, inline }) => [contentType, method, inline])).toEqual([
      ['message/rfc822', 5, false],
      ['application/octet-stream', 1, false],
      ['text/plain', 1, false],
      ['text/plain', 1, false],
    ]);
  });
});

describe('a draft that comes as a whole message', () => {
  const whole = (text: string) => ({ Type: 4, Data: text.replace(/\n/g, '\r\n') });
  const two =
    'Content-Type: multipart/mixed; boundary=b\nSubject: Whole\n\n--b\n\nWords\n--b\nContent-Type: text/plain\n' +
    'Content-Disposition: attachment; filename=own.txt\n\nalpha\n--b--\n';

  test('is that message, with the fields that every draft has', async () => {
    const { draft, mime } = await writing();
    const item = await draft({ Body: whole('Subject: Whole\nTo: bob@else.test\n\nWords') });
    expect(item.content).toMatchObject({ subject: 'Whole', isDraft: true, attachments: [] });
    expect(item.content.text.prefix.trim()).toBe('Words');
    const text = await mime(item);
    for (const field of ['Date', 'Message-ID', 'From']) expect(text).toMatch(new RegExp(`^${field}: .`, 'im'));
    const own = await draft({ Body: whole('Message-ID: <own@x>\nSubject: Whole\n\nWords') });
    expect((await mime(own)).match(/^message-id:.*$/gim)).toEqual(['Message-ID: <own@x>']);
  });

  test('keeps every byte of it, also when its fields change', async () => {
    const { draft, edited, mime } = await writing();
    const bodyOf = async (item: Item) => (await mime(item)).replace(/^.*?\r\n\r\n/s, '').trimEnd();
    const first = await draft({ Body: whole(two) });
    expect(await bodyOf(first)).toBe(
      two
        .replace(/\n/g, '\r\n')
        .replace(/^.*?\r\n\r\n/s, '')
        .trimEnd(),
    );
    expect(await bodyOf(await edited(first, { Subject: 'Two' }))).toBe(await bodyOf(first));
  });

  test('has the bytes of its files in it', async () => {
    const { draft, edited, mime } = await writing();
    const first = await draft({ Body: plain('x'), Attachments: { Add: [file('f1', 'alpha')] } });
    const second = await edited(first, { Body: plain('y'), Attachments: { Add: [file('f2', 'beta')] } });
    const text = await mime(second);
    for (const part of ['f1.txt', 'f2.txt', 'YWxwaGE=', 'YmV0YQ==']) expect(text).toContain(part);
  });

  test('has its own attachments, and those that come beside it', async () => {
    const { draft } = await writing();
    const names = ({ content }: Item) => content.attachments.map(({ name }) => name);
    expect(names(await draft({ Body: whole(two) }))).toEqual(['own.txt']);
    const more = await draft({ Body: whole(two), Attachments: { Add: [file('f1', 'beta')] } });
    expect(names(more)).toEqual(['own.txt', 'f1.txt']);
    expect(more.content.text.prefix.trim()).toBe('Words');
  });

  test('takes the place of what the draft was', async () => {
    const { draft, edited } = await writing();
    const first = await draft({ Subject: 'One', Body: plain('x'), Attachments: { Add: [file('f1', 'alpha')] } });
    const second = await edited(first, { Body: whole(two) });
    expect(second.content).toMatchObject({ subject: 'Whole', attachments: [{ n: 1, name: 'own.txt' }] });
    const html = '<p>Words</p>';
    const third = await edited(second, {
      Body: whole(`Content-Type: text/html\nSubject: H\n\n${html}`),
      Attachments: { Add: [file('f2', 'b')] },
    });
    expect(third.content.html?.prefix).toContain('Words');
  });
});

describe('a draft that is edited', () => {
  test('keeps what the change leaves out', async () => {
    const { draft, edited } = await writing();
    const first = await draft({ To: 'bob@else.test', Cc: 'carl@else.test', Subject: 'One', Body: plain('Words') });
    const second = await edited(first, { Subject: 'Two', Cc: '' });
    expect(second.content).toMatchObject({ subject: 'Two', cc: '', isDraft: true });
    expect(second.content.to).toContain('bob@else.test');
    expect(second.content.text.prefix.trim()).toBe('Words');
    const third = await edited(second, { Body: plain('Other words') });
    expect(third.content).toMatchObject({ subject: 'Two' });
    expect(third.content.text.prefix.trim()).toBe('Other words');
  });

  test('keeps its flags, categories and read state', async () => {
    const { draft, edited } = await writing();
    const flag = { Status: 2, FlagType: 'Follow up' };
    const first = await draft({ Subject: 'One', Categories: { Category: ['Blue'] }, Flag: flag, Read: false });
    expect((await edited(first, { Subject: 'Two' })).content).toMatchObject({
      categories: ['Blue'],
      flag: { status: 2, type: 'Follow up' },
      read: false,
    });
    const bare = (await edited(await draft({ Subject: 'One' }), { Subject: 'Two' })).content;
    expect(bare).not.toHaveProperty('flag');
    expect(bare).not.toHaveProperty('categories');
  });

  test('fails where an attachment that stays has lost its bytes', async () => {
    const { draft, edit, blobs } = await writing();
    const item = await draft({ Body: plain('x'), Attachments: { Add: [file('f1', 'alpha')] } });
    await blobs.delete([item.content.attachments[0]!.blob]);
    await expect(edit(item, { Body: plain('y') })).rejects.toThrow(Error);
  });

  test('keeps attachments with their references, takes some away, and numbers new ones on', async () => {
    const { draft, edited } = await writing();
    const first = await draft({ Body: plain('x'), Attachments: { Add: [file('f1', 'alpha'), file('f2', 'beta')] } });
    const [alpha, beta] = first.content.attachments;
    const reference = `drafts:${first.id}:1:${beta!.blob.split('/')[1]}`;
    const second = await edited(first, {
      Attachments: { Delete: [{ FileReference: reference }], Add: [file('f3', 'gamma')] },
    });
    expect(second.content.attachments).toEqual([alpha, expect.objectContaining({ n: 2, clientId: 'f3' })]);
    const third = await edited(second, { Subject: 'x' });
    expect(third.content.attachments).toEqual(second.content.attachments);
    const other = `drafts:${first.id}:0:${beta!.blob.split('/')[1]}`;
    const fourth = await edited(third, { Attachments: { Delete: [{ FileReference: other }, { FileReference: 'x' }] } });
    expect(fourth.content.attachments).toHaveLength(2);
  });

  test('is left to flags where nothing of the message changes, in other folders and before 16.0', async () => {
    const { draft, edit } = await writing();
    const item = await draft({ Subject: 'One' });
    expect(await edit(item, { Read: false })).toBeUndefined();
    expect(await edit(item, { Subject: 'Two' }, INBOX)).toBeUndefined();
    expect(await (await writing({ version: 141 })).edit(item, { Subject: 'Two' })).toBeUndefined();
  });

  test.each<[string, Partial<Email>, number]>([
    ['too long', { Body: plain('y'.repeat(5000)) }, 122],
    ['what no client may say', { Subject: 'x', Sender: 'eve@else.test' }, 6],
  ])('to be %s is refused', async (_, email, status) => {
    const { draft, edit } = await writing({ options: { maxBytes: 4000 } });
    expect(await edit(await draft({ Subject: 'One' }), email)).toEqual({ status });
  });
});

describe('a draft that is sent', () => {
  test('goes out with its last changes, and its copy is filed', async () => {
    const { draft, send, sent } = await writing();
    const item = await draft({ To: 'bob@example.net', Subject: 'One', Body: plain('Words') });
    expect(await send(item, { Subject: 'Two' })).toBe(1);
    expect(sent).toHaveLength(1);
    expect(sent[0]!.copy).toMatchObject({ content: { subject: 'Two', read: true } });
    expect(sent[0]!.copy!.content.isDraft).not.toBe(true);
    expect(sent[0]!.writes.length).toBeGreaterThan(0);
  });

  test('goes out as it is, without any changes; a new message, too', async () => {
    const { draft, send, sent } = await writing();
    expect(await send(await draft({ To: 'bob@example.net', Subject: 'One' }), undefined)).toBe(1);
    expect(await send(undefined, { To: 'bob@example.net', Subject: 'New' })).toBe(1);
    expect(sent.map(({ copy }) => copy!.content.subject)).toEqual(['One', 'New']);
  });

  test('is dated when it goes, however long it lay there', async () => {
    const { world, draft, send, sent, mime } = await writing();
    const item = await draft({ To: 'bob@example.net' });
    const dateOf = (text: string) => /^Date: (.*)$/im.exec(text)![1];
    await world.clock.advance(86_400_000);
    await send(item, undefined);
    expect(dateOf(await mime(sent[0]!.copy!))).not.toBe(dateOf(await mime(item)));
  });

  test.each<[string, Partial<Email>, number]>([
    ['to nobody [MS-ASCMD R7472]', {}, 183],
    ['to what is no address', { To: 'bob' }, 183],
    ['to who cannot be reached', { To: 'nobody@example.net' }, 120],
  ])('%s is refused', async (_, email, status) => {
    const { draft, send, sent } = await writing();
    expect(await send(await draft({ Subject: 'x', ...email }), undefined)).toBe(status);
    expect(sent).toEqual([]);
  });

  test('in another folder, or before 16.0, is status 6', async () => {
    const { draft, send } = await writing();
    const item = await draft({ To: 'bob@example.net' });
    expect(await send(item, undefined, INBOX)).toBe(6);
    expect(await (await writing({ version: 141 })).send(item, undefined)).toBe(6);
  });

  test('leaves it to the ledger where another request was faster; fails where there is a bug', async () => {
    const { draft, send } = await writing();
    const item = await draft({ To: 'bob@example.net' });
    await expect(send(item, undefined, DRAFTS, new ConditionFailed([0]))).rejects.toThrow(ConditionFailed);
    await expect(send(item, undefined, DRAFTS, new TypeError('bug'))).rejects.toThrow(TypeError);
  });
});

describe('the answer to a draft', () => {
  test('tells of the thread of a new one, and of the attachments that the client sent', async () => {
    const { commands, draft } = await writing();
    const sent = { Body: plain('x'), Attachments: { Add: [file('f1', 'alpha')] } };
    const item = await draft(sent);
    const told = (email: Partial<Email>, command: 'Add' | 'Change', version: ProtocolVersion = 161) => {
      const fragment = commands.confirm(item, dataOf(email, 161), command, version);
      return fragment && decodeElement(Email, elementOf(fragment), 161);
    };
    expect(told(sent, 'Add')).toMatchObject({
      ConversationId: expect.anything(),
      Attachments: { Attachment: [{ ClientId: 'f1' }] },
    });
    expect(told({ Subject: 'x' }, 'Add')).not.toHaveProperty('Attachments');
    expect(told(sent, 'Change')).not.toHaveProperty('ConversationId');
    expect(told({ Subject: 'x' }, 'Change')).toBeUndefined();
    expect(told(sent, 'Add', 141)).toBeUndefined();
    const mail = { ...item, content: { ...item.content, isDraft: false } };
    expect(commands.confirm(mail, dataOf(sent, 161), 'Add', 161)).toBeUndefined();
  });
});
