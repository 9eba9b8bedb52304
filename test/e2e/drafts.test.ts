import { describe, expect, it } from 'vitest';
import { Email } from '../../lib/documents/items/email.ts';
import type { SyncResponse } from '../../lib/documents/sync.ts';
import type { ProtocolVersion } from '../../lib/protocol/versions.ts';
import { decodeElement, type WbxmlElement } from '../../lib/wbxml/index.ts';
import { fileOf, itemOperations } from '../support/client/item-operations.ts';
import type { Phone, PhoneFolder } from '../support/client/phone.ts';
import { dataOf } from '../support/sync-phone.ts';
import { type Person, ready, sharedServer } from './shared.ts';

const shared = sharedServer();
const DRAFTS = 3;
const SENT = 5;
const RECENT: readonly ProtocolVersion[] = [160, 161];

type Answered = NonNullable<SyncResponse['Collections']>['Collection'][number];
type Commands = NonNullable<Parameters<Phone['client']['sync']>[0]>;
type Command = NonNullable<NonNullable<Commands['Collections']>['Collection'][number]['Commands']>[number];

/** One Sync with commands whose whole answer is wanted. */
async function exchange(phone: Phone, folder: PhoneFolder, commands: readonly Command[], key = folder.syncKey) {
  const collection = { SyncKey: key, CollectionId: folder.id, GetChanges: true, Commands: commands };
  const { document, status } = await phone.client.sync({ Collections: { Collection: [collection] } });
  const answered = document?.Collections?.Collection[0];
  if (!answered) throw new Error(`Sync: HTTP ${status}, ${document?.Status}`);
  return answered;
}

const add = (phone: Phone, ClientId: string, email: Partial<Email>, Send = false): Command => ({
  tag: 'Add',
  value: { ClientId, Send, ApplicationData: dataOf(email, phone.client.version) },
});
const change = (phone: Phone, ServerId: string, email: Partial<Email>, Send = false): Command => ({
  tag: 'Change',
  value: { ServerId, Send, ApplicationData: dataOf(email, phone.client.version) },
});
const response = (answered: Answered) => answered.Responses![0]!.value as unknown as Record<string, unknown>;
const told = (phone: Phone, answered: Answered): Email =>
  decodeElement(Email, response(answered).ApplicationData as WbxmlElement, phone.client.version);

const file = (ClientId: string, text: string, more: object = {}) => ({
  ClientId,
  Method: 1,
  Content: Buffer.from(text),
  DisplayName: `${ClientId}.txt`,
  ContentType: 'text/plain',
  ...more,
});
const plain = (Data: string) => ({ Type: 1, Data });

async function writing(version: ProtocolVersion = 161) {
  const person = await shared.person();
  const phone = await ready(person, { version });
  const drafts = phone.folder(DRAFTS);
  await phone.drain(drafts);
  /** Adds and takes the answer in; gives the ServerId. */
  const write = async (email: Partial<Email>, id = 'c1') => {
    const answered = await exchange(phone, drafts, [add(phone, id, email)]);
    phone.apply(drafts, answered);
    return response(answered).ServerId as string;
  };
  const edit = async (id: string, email: Partial<Email>, send = false) => {
    const answered = await exchange(phone, drafts, [change(phone, id, email, send)]);
    phone.apply(drafts, answered);
    return answered;
  };
  const seen = async (folder = DRAFTS) => {
    const other = await ready(person, { version, deviceId: 'SECOND01' });
    other.collectionOptions = { Options: [{ BodyPreference: [{ Type: 2 }] }] };
    await other.drain(other.folder(folder));
    return [...other.folder(folder).items.values()];
  };
  return { person, phone, drafts, write, edit, seen };
}

async function inboxOf(person: Person) {
  const phone = await ready(person);
  return [...phone.inbox.items.values()];
}

async function attachment(phone: Phone, FileReference: string): Promise<string> {
  const value = [{ tag: 'Fetch', value: { Store: 'Mailbox', FileReference: [FileReference] } }] as const;
  const { document } = await itemOperations(phone.client, value);
  return Buffer.from(fileOf(document!.Response!.Fetch![0]!, phone.client.version).Data!, 'base64').toString();
}

describe('a draft', () => {
  it.each(RECENT)(
    'is added, told of its thread, and shown to other devices, version %i [MS-ASEMAIL R1184 R11850 R1190 R11910 R1278]',
    async (version) => {
      const { phone, drafts, seen } = await writing(version);
      const answered = await exchange(phone, drafts, [
        add(phone, 'c1', {
          To: '"Zoë Q" <zoe@example.test>, alex@example.test',
          Cc: 'cc@example.test',
          Bcc: 'secret@example.test',
          Subject: 'Grüße aus Köln',
          Importance: 2,
          Body: { Type: 2, Data: '<p>Hello <b>there</b></p>' },
        }),
      ]);
      expect(response(answered)).toMatchObject({ ClientId: 'c1', Status: 1, ServerId: expect.stringMatching(/:/) });
      expect(told(phone, answered)).toMatchObject({
        ConversationId: expect.objectContaining({ length: 16 }),
        ConversationIndex: expect.objectContaining({ length: 5 }),
      });
      const [draft] = await seen();
      expect(draft).toMatchObject({
        To: '"Zoë Q" <zoe@example.test>, alex@example.test',
        Cc: 'cc@example.test',
        Bcc: 'secret@example.test',
        Subject: 'Grüße aus Köln',
        Importance: 2,
        IsDraft: true,
        Read: true,
        NativeBodyType: 2,
      });
      expect(draft!.Body!.Data).toContain('<b>there</b>');
      expect(draft!.From).toContain('@example.test');
    },
  );

  it('is the same whatever Truncated says of its body [MS-ASAIRS R406 R11500]', async () => {
    for (const more of [{}, { Truncated: true }, { Truncated: false }]) {
      const { phone, drafts, seen } = await writing();
      const answered = await exchange(phone, drafts, [
        add(phone, 'c1', { Subject: 'Cut?', Body: { ...plain('Whole'), ...more } }),
      ]);
      expect(response(answered).Status).toBe(1);
      const [draft] = await seen();
      expect(draft!.Body!.Data).toContain('Whole');
      expect(draft!.Body!.Truncated).toBeUndefined();
    }
  });

  it('is its device’s own: nothing of it comes back', async () => {
    const { phone, drafts, write } = await writing();
    await write({ Subject: 'Mine' });
    const { added, changed } = await phone.drain(drafts);
    expect([added, changed]).toEqual([[], []]);
  });

  it('keeps what a Change leaves out, and loses what it empties [MS-ASCMD R878]', async () => {
    const { write, edit, seen } = await writing();
    const id = await write({ To: 'a@example.test', Cc: 'b@example.test', Subject: 'One', Body: plain('First') });
    expect((await edit(id, { Cc: '', Subject: 'Two' })).Responses).toBeUndefined();
    const [draft] = await seen();
    expect(draft).toMatchObject({ To: 'a@example.test', Subject: 'Two', IsDraft: true });
    expect(draft!.Cc).toBeUndefined();
    expect(draft!.Body!.Data).toContain('First');
    await edit(id, { Body: plain('Second') });
    const [again] = await seen();
    expect(again).toMatchObject({ To: 'a@example.test', Subject: 'Two' });
    expect(again!.Body!.Data).toContain('Second');
    expect(again!.ConversationId).toEqual(draft!.ConversationId);
  });

  it('is flagged and marked as any mail', async () => {
    const { write, edit, seen } = await writing();
    const id = await write({ Subject: 'Flags', Read: true });
    await edit(id, { Categories: { Category: ['Blue'] }, Read: false });
    expect((await seen())[0]).toMatchObject({ Subject: 'Flags', Read: false, Categories: { Category: ['Blue'] } });
    await edit(id, { Subject: 'Flags and more' });
    expect((await seen())[0]).toMatchObject({
      Subject: 'Flags and more',
      Read: false,
      Categories: { Category: ['Blue'] },
    });
  });

  it('may come as a whole message, as Exchange takes it', async () => {
    const { write, seen } = await writing();
    const Data = [
      'To: a@example.test',
      'Subject: Whole',
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b\r\nContent-Type: text/plain\r\n\r\nText\r\n--b',
      'Content-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment\r\n\r\nPDF\r\n--b--\r\n',
    ].join('\r\n');
    await write({ Body: { Type: 4, Data }, Read: false });
    const [draft] = await seen();
    expect(draft).toMatchObject({ To: 'a@example.test', Subject: 'Whole', IsDraft: true, Read: false });
    expect(draft!.Attachments!.Attachment).toMatchObject([{ DisplayName: 'a.pdf' }]);
  });

  it.each([
    ['outside of Drafts', 2, 161],
    ['before 16.0', DRAFTS, 141],
  ] as const)('is refused %s with status 6 [MS-ASCMD R755]', async (_, type, version) => {
    const { phone } = await writing(version);
    const folder = phone.folder(type);
    await phone.drain(folder);
    const answered = await exchange(phone, folder, [add(phone, 'c1', { Subject: 'No' })]);
    expect(response(answered)).toMatchObject({ ClientId: 'c1', Status: 6 });
    expect(response(answered).ServerId).toBeUndefined();
  });

  it.each([
    ['ConversationId', { ConversationId: Buffer.alloc(16) }],
    ['Sender', { Sender: 'x@example.test' }],
    ['UmCallerID', { UmCallerID: '+15550100' }],
    ['UmUserNotes', { UmUserNotes: 'note' }],
  ] as [string, Partial<Email>][])('may not say its %s', async (_, elements) => {
    const { phone, drafts } = await writing();
    const answered = await exchange(phone, drafts, [add(phone, 'c1', { Subject: 'No', ...elements })]);
    expect(response(answered).Status).toBe(6);
  });

  it('that was added by a request whose answer was lost is there once, and answered alike', async () => {
    const { phone, drafts, seen } = await writing();
    const key = drafts.syncKey;
    const command = add(phone, 'c1', { Subject: 'Once', Attachments: { Add: [file('f1', 'abc')] } });
    const first = await exchange(phone, drafts, [command], key);
    const second = await exchange(phone, drafts, [command], key);
    expect(response(second).ServerId).toBe(response(first).ServerId);
    expect(told(phone, second)).toEqual(told(phone, first));
    expect(await seen()).toHaveLength(1);
  });
});

describe('the same draft added again under the next key', () => {
  const again = async (more: Partial<Email> = {}, id = 'c1', between?: (made: string) => Promise<unknown>) => {
    const world = await writing();
    const { phone, drafts, seen } = world;
    const email = { To: 'a@example.test', Subject: 'Once', Attachments: { Add: [file('f1', 'abc')] } };
    const first = await exchange(phone, drafts, [add(phone, 'c1', email)]);
    phone.apply(drafts, first);
    await between?.(response(first).ServerId as string);
    const second = await exchange(phone, drafts, [add(phone, id, { ...email, ...more })]);
    expect(second.SyncKey).not.toBe(first.SyncKey);
    phone.apply(drafts, second);
    return {
      ...world,
      first,
      second,
      same: response(second).ServerId === response(first).ServerId,
      count: (await seen()).length,
    };
  };

  it('is the same draft, and answered alike', async () => {
    const { phone, drafts, first, second, same, count } = await again();
    expect([same, count]).toEqual([true, 1]);
    expect(response(second)).toMatchObject({ ClientId: 'c1', Status: 1 });
    expect(told(phone, second)).toEqual(told(phone, first));
    expect(await phone.drain(drafts)).toMatchObject({ added: [], changed: [] });
  });

  it('is another where its content or its ClientId is', async () => {
    expect(await again({ Subject: 'Twice' })).toMatchObject({ same: false, count: 2 });
    expect(await again({}, 'c2')).toMatchObject({ same: false, count: 2 });
  });
});

describe('attachments of a draft', () => {
  it('are answered with their references by ClientId [MS-ASAIRS R1336 R1368 R1001000]', async () => {
    const { phone, drafts, edit } = await writing();
    const answered = await exchange(phone, drafts, [
      add(phone, 'c1', { Subject: 'Files', Attachments: { Add: [file('f1', 'alpha'), file('f2', 'beta')] } }),
    ]);
    phone.apply(drafts, answered);
    const id = response(answered).ServerId as string;
    const given = told(phone, answered).Attachments!.Attachment!;
    expect(given.map(({ ClientId, DisplayName }) => [ClientId, DisplayName])).toEqual([
      ['f1', 'f1.txt'],
      ['f2', 'f2.txt'],
    ]);
    expect(await attachment(phone, given[0]!.FileReference)).toBe('alpha');

    const edited = await edit(id, { Attachments: { Add: [file('f3', 'gamma')] } });
    const more = told(phone, edited).Attachments!.Attachment!;
    expect(more.map(({ ClientId }) => ClientId)).toEqual(['f3']);
    expect(response(edited)).toMatchObject({ ServerId: id, Status: 1 });
    // References outlive edits.
    expect(await attachment(phone, given[1]!.FileReference)).toBe('beta');
  });

  it('go by reference, and the others stay', async () => {
    const { phone, drafts, edit, seen } = await writing();
    const answered = await exchange(phone, drafts, [
      add(phone, 'c1', { Attachments: { Add: [file('f1', 'alpha'), file('f2', 'beta')] }, Body: plain('Hi') }),
    ]);
    phone.apply(drafts, answered);
    const [{ FileReference }] = told(phone, answered).Attachments!.Attachment! as [{ FileReference: string }];
    const id = response(answered).ServerId as string;
    expect((await edit(id, { Attachments: { Delete: [{ FileReference }] } })).Responses).toBeUndefined();
    const [draft] = await seen();
    expect(draft!.Attachments!.Attachment!.map(({ DisplayName }) => DisplayName)).toEqual(['f2.txt']);
    expect(draft!.Body!.Data).toContain('Hi');
  });

  it('may be shown inside of the HTML, and may be messages', async () => {
    const { write, seen } = await writing();
    const inline = file('i', 'PNG', {
      ContentType: 'image/png',
      DisplayName: 'i.png',
      ContentId: 'i@here',
      IsInline: true,
    });
    const embedded = file('m', 'Subject: In\r\n\r\nx', { Method: 5, ContentType: undefined, DisplayName: 'In' });
    await write({ Body: { Type: 2, Data: '<img src="cid:i@here">' }, Attachments: { Add: [inline, embedded] } });
    const [draft] = await seen();
    expect(draft!.Attachments!.Attachment).toMatchObject([
      { DisplayName: 'i.png', ContentId: 'i@here', IsInline: true, Method: 1 },
      { DisplayName: 'In.eml', Method: 5 },
    ]);
  });
});

describe('Send', () => {
  it.each(RECENT)('sends a draft with its last changes, version %i', async (version) => {
    const { phone, drafts, write, edit, seen } = await writing(version);
    const alex = await shared.person('alex');
    const id = await write({
      To: alex.address,
      Bcc: 'nobody-else@example.test',
      Subject: 'To be sent',
      Body: plain('Old'),
      Attachments: { Add: [file('f1', 'alpha')] },
    });
    const answered = await edit(id, { Bcc: '', Body: plain('New words') }, true);
    expect(answered.Responses).toBeUndefined();
    expect(drafts.items.has(id)).toBe(false);
    const [mail] = await inboxOf(alex);
    expect(mail).toMatchObject({ Subject: 'To be sent', Read: false });
    expect(mail!.Body!.Data).toContain('New words');
    expect(mail!.Attachments!.Attachment).toMatchObject([{ DisplayName: 'f1.txt' }]);
    expect(await seen()).toEqual([]);
    const [copy] = await seen(SENT);
    expect(copy).toMatchObject({ Subject: 'To be sent', IsDraft: false, Read: true });
    await phone.drain(drafts);
    expect(drafts.items.size).toBe(0);
  });

  it('tells the device that the draft has left [MS-ASEMAIL R1279]', async () => {
    const { phone, drafts, write, seen } = await writing();
    const alex = await shared.person('alex');
    const id = await write({ To: alex.address, Subject: 'Leaving' });
    const answered = await exchange(phone, drafts, [{ tag: 'Change', value: { ServerId: id, Send: true } }]);
    expect(answered.Commands).toMatchObject([{ tag: 'Delete', value: { ServerId: id } }]);
    expect((await seen(SENT))[0]).toMatchObject({ Subject: 'Leaving', IsDraft: false });
  });

  it('in an Add sends what was never a draft; it has no ServerId here', async () => {
    const { phone, drafts, seen } = await writing();
    const alex = await shared.person('alex');
    const command = add(phone, 'c9', { To: alex.address, Subject: 'At once', Body: plain('Now') }, true);
    const answered = await exchange(phone, drafts, [command]);
    expect(response(answered)).toMatchObject({ ClientId: 'c9', Status: 1 });
    expect(response(answered).ServerId).toBeUndefined();
    expect((await inboxOf(alex)).map(({ Subject }) => Subject)).toEqual(['At once']);
    expect(await seen()).toEqual([]);
    expect((await seen(SENT)).map(({ Subject }) => Subject)).toEqual(['At once']);
  });

  it('happens once, however often the request comes', async () => {
    const { phone, drafts, write, seen } = await writing();
    const alex = await shared.person('alex');
    const id = await write({ To: alex.address, Subject: 'Again' });
    const key = drafts.syncKey;
    const commands = [
      change(phone, id, { Subject: 'Again and again' }, true),
      add(phone, 'c2', { To: alex.address, Subject: 'Fresh' }, true),
    ];
    for (let turn = 0; turn < 3; turn++) {
      const answered = await exchange(phone, drafts, commands, key);
      expect(answered.Responses).toMatchObject([{ tag: 'Add', value: { ClientId: 'c2', Status: 1 } }]);
    }
    const arrived = (await inboxOf(alex)).map(({ Subject }) => Subject).sort();
    expect(arrived).toEqual(['Again and again', 'Fresh']);
    expect(await seen(SENT)).toHaveLength(2);
  });

  it.each([
    ['nobody', { To: '' }],
    ['what is no address', { To: 'bob' }],
    ['an address and what is none', { To: 'bob', Cc: 'alex@sender.test' }],
  ])('to %s is status 183, and the draft stays [MS-ASCMD R7472]', async (_, elements) => {
    const { phone, drafts, write, edit, seen } = await writing();
    const id = await write({ To: 'x@example.test', Subject: 'Stays' });
    const answered = await edit(id, elements, true);
    expect(response(answered)).toMatchObject({ ServerId: id, Status: 183 });
    expect((await seen()).map(({ Subject }) => Subject)).toEqual(['Stays']);
    const added = await exchange(phone, drafts, [add(phone, 'c2', { Subject: 'No', ...elements }, true)]);
    expect(response(added)).toMatchObject({ ClientId: 'c2', Status: 183 });
    expect(await seen(SENT)).toEqual([]);
  });

  it('of a draft that is gone is status 8, of mail that is none status 6', async () => {
    const { person, phone, drafts, write, edit } = await writing();
    const id = await write({ To: 'x@example.test', Subject: 'Gone' });
    const other = await ready(person, { version: 161, deviceId: 'SECOND01' });
    await other.drain(other.folder(DRAFTS));
    await exchange(other, other.folder(DRAFTS), [{ tag: 'Delete', value: { ServerId: id } }]);
    expect(response(await edit(id, { Subject: 'x' }, true)).Status).toBe(8);
    await person.mail('Not mine');
    await phone.drain(phone.inbox);
    const [mail] = [...phone.inbox.items.keys()];
    const answered = await exchange(phone, phone.inbox, [change(phone, mail!, { Subject: 'x' }, true)]);
    expect(response(answered).Status).toBe(6);
    expect(drafts.id).toBeDefined();
  });
});
