import { describe, expect, it } from 'vitest';
import { GetHierarchyResponse } from '../../lib/documents/get-hierarchy.ts';
import { GetItemEstimateRequest, GetItemEstimateResponse } from '../../lib/documents/get-item-estimate.ts';
import { Gal } from '../../lib/documents/items/gal.ts';
import { SearchRequest, SearchResponse } from '../../lib/documents/search.ts';
import { decode, decodeElement, encode, parseDocument, toXml, WbxmlElement } from '../../lib/wbxml/index.ts';
import type { EasClient } from '../support/client/client.ts';
import type { Phone } from '../support/client/phone.ts';
import { bytesOf, el, type Person, sharedServer, subjects } from './shared.ts';

/** Phones of Windows Mobile 5 and 6, which speak 2.5, and what is particular to 12.0 beside them. */
const shared = sharedServer();

const WM5 = {
  version: 25,
  deviceType: 'PocketPC',
  userAgent: 'MSFT-PPC/5.1.2301',
  deviceId: '6F24CAD599A5BF1A',
} as const;
const WAP = 'MS-WAP-Provisioning-XML';
const SENT_ITEMS = 5;
const DRAFTS = 3;

const sync = (tag: string, content?: string | readonly WbxmlElement[]) => el('AirSync', tag, content as never);

/** A Sync as the phone writes it: Class first, empty tags for what is true, options of 2.5. */
function syncBytes(folder: string, key: string, options: Readonly<Record<string, string>> = {}): Uint8Array {
  const wanted = Object.entries(options).map(([tag, value]) => sync(tag, value));
  const going = key === '0' ? [] : [sync('DeletesAsMoves'), sync('GetChanges'), sync('WindowSize', '25')];
  const head = [sync('Class', 'Email'), sync('SyncKey', key), sync('CollectionId', folder)];
  const collection = sync('Collection', [...head, ...going, ...(key === '0' ? [] : [sync('Options', wanted)])]);
  return bytesOf(sync('Sync', [sync('Collections', [collection])]));
}

/** The only collection of an answer, as it is on the wire. */
async function syncRaw(phone: Phone, folder: string, key: string, options?: Readonly<Record<string, string>>) {
  const { status, body } = await phone.client.raw('Sync', syncBytes(folder, key, options));
  expect(status).toBe(200);
  const [collections] = parseDocument(body).children;
  return collections!.children[0]!;
}
const child = (element: WbxmlElement, tag: string) => element.children.find((each) => each.tag === tag);
const textOf = (element: WbxmlElement, tag: string) => child(element, tag)?.text();
/** What the commands of a collection say of their items. */
const items = (collection: WbxmlElement) =>
  (child(collection, 'Commands')?.children ?? []).map((command) => child(command, 'ApplicationData')!);

const FILE = Buffer.from('%PDF-1.4 a report');
const REPORT = (to: string) =>
  [
    `From: Ada <ada@sender.test>\r\nTo: ${to}\r\nSubject: Report\r\nMIME-Version: 1.0`,
    'Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: text/plain\r\n\r\nSee the attachment.\r\n--m',
    'Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="report.pdf"',
    `Content-Transfer-Encoding: base64\r\n\r\n${FILE.toString('base64')}\r\n--m--\r\n`,
  ].join('\r\n');

let count = 0;
async function under(policy: object): Promise<Person> {
  const person = await shared.person();
  const name = `wm${++count}`;
  const { policies, accounts } = shared.running.domain;
  await policies.save(name, policy);
  await accounts.update(person.account.id, { policy: name });
  return person;
}

async function started(options: object = WM5): Promise<{ person: Person; phone: Phone }> {
  const person = await shared.person();
  const phone = person.phone(options);
  await phone.start();
  await phone.drain(phone.inbox);
  return { person, phone };
}

describe('a phone of 2.5 under a policy', () => {
  const PASSWORD = { settings: { DevicePasswordEnabled: true, MinDevicePasswordLength: 6 } };
  const provision = (phone: Phone, more: object = {}) =>
    phone.client.provision({ Policies: { Policy: [{ PolicyType: WAP, ...more }] } });

  it('is sent away with 449, takes the policy as text, acknowledges it, and is let in [MS-ASPROV R318 R965] [MS-ASCMD R7564 R7566]', async () => {
    const phone = (await under(PASSWORD)).phone(WM5);
    const refused = await phone.client.folderSync({ SyncKey: '0' });
    expect([refused.status, refused.body.length]).toEqual([449, 0]);

    const offered = (await provision(phone)).document!;
    const [policy] = offered.Policies!.Policy;
    expect(policy).toEqual({
      PolicyType: WAP,
      Status: 1,
      PolicyKey: expect.stringMatching(/^[1-9]\d*$/),
      LegacyData: expect.stringMatching(/^<wap-provisioningdoc>.*name="4131" value="0".*<\/wap-provisioningdoc>$/),
    });
    expect(policy!.LegacyData).toContain('<parm name="MinimumPasswordLength" value="6"/>');
    phone.client.policyKey = policy!.PolicyKey!;
    // Good for the acknowledgement and for nothing else.
    expect((await phone.client.folderSync({ SyncKey: '0' })).status).toBe(449);

    const final = (await provision(phone, { PolicyKey: policy!.PolicyKey, Status: 1 })).document!;
    expect(final).toEqual({
      Status: 1,
      Policies: { Policy: [{ PolicyType: WAP, Status: 1, PolicyKey: expect.any(String) }] },
    });
    phone.client.policyKey = final.Policies!.Policy[0]!.PolicyKey!;
    expect((await phone.client.folderSync({ SyncKey: '0' })).document?.Status).toBe(1);
  });

  it('writes Status, then the policy, with the text in one element', async () => {
    const phone = (await under(PASSWORD)).phone(WM5);
    const { body } = await provision(phone);
    const policy = parseDocument(body).children.find(({ tag }) => tag === 'Policies')!.children[0]!;
    expect(policy.children.map(({ tag }) => tag)).toEqual(['PolicyType', 'Status', 'PolicyKey', 'Data']);
    expect(child(policy, 'Data')!.children).toEqual([]);
  });

  it('of nothing is told so, and provisions nevertheless', async () => {
    const { phone } = await started();
    const { document } = await provision(phone);
    expect(document?.Policies?.Policy[0]?.LegacyData).toBe(
      '<wap-provisioningdoc><characteristic type="SecurityPolicy"><parm name="4131" value="1"/></characteristic></wap-provisioningdoc>',
    );
    expect((await phone.client.folderSync({ SyncKey: '0' })).document?.Status).toBe(1);
  });

  it.each([
    ['a setting that its form cannot state', { AllowCamera: false }, {}, 403],
    ['the same, where a part is enough', { AllowCamera: false }, { allowPartial: true }, 449],
  ])('with %s (%j, %j) is answered %i', async (_, more, rest, status) => {
    const phone = (await under({ settings: { ...PASSWORD.settings, ...more }, ...rest })).phone(WM5);
    expect((await phone.client.folderSync({ SyncKey: '0' })).status).toBe(status);
  });

  it.each([
    [25, 'MS-EAS-Provisioning-WBXML', 2],
    [25, 'Something-Else', 3],
    [120, WAP, 2],
    [120, 'MS-EAS-Provisioning-WBXML', 1],
  ] as const)(
    'and version %i gets of the type %s the Policy status %i [MS-ASPROV R971]',
    async (version, PolicyType, Status) => {
      const phone = (await under(PASSWORD)).phone({ ...WM5, version });
      const { document } = await phone.client.provision({ Policies: { Policy: [{ PolicyType }] } });
      expect(document?.Policies?.Policy[0]).toMatchObject({ PolicyType, Status });
    },
  );

  it('has to provision again when the policy changes', async () => {
    const person = await under(PASSWORD);
    const phone = person.phone(WM5);
    await phone.start();
    expect((await phone.client.folderSync({ SyncKey: phone.hierarchyKey })).status).toBe(200);
    await shared.running.domain.policies.save(`wm${count}`, { settings: { DevicePasswordEnabled: true } });
    expect((await phone.client.folderSync({ SyncKey: phone.hierarchyKey })).status).toBe(449);
    await phone.provision();
    expect((await phone.client.folderSync({ SyncKey: phone.hierarchyKey })).status).toBe(200);
  });
});

describe('a Sync of 2.5', () => {
  it('brings mail in the elements of its time, in the order that the phone reads', async () => {
    const { person, phone } = await started();
    await person.deliver(
      `From: Ada <ada@sender.test>\r\nTo: ${person.address}\r\nSubject: Hi\r\nContent-Type: text/html\r\n\r\n<b>Bold</b> words\r\n`,
    );
    const key = phone.inbox.syncKey;
    const collection = await syncRaw(phone, phone.inbox.id, key, { FilterType: '2', Truncation: '7', Conflict: '1' });
    expect(collection.children.map(({ tag }) => tag)).toEqual([
      ...['Class', 'SyncKey', 'CollectionId', 'Status', 'Commands'],
    ]);
    expect([textOf(collection, 'Class'), textOf(collection, 'Status')]).toEqual(['Email', '1']);
    expect(textOf(collection, 'SyncKey')).not.toBe(key);
    const [mail] = items(collection);
    expect(new Set(mail!.children.map(({ namespace }) => namespace))).toEqual(new Set(['Email']));
    expect(textOf(mail!, 'Body')?.trim()).toBe('Bold words');
    expect(textOf(mail!, 'BodyTruncated')).toBe('0');
    expect(textOf(mail!, 'MessageClass')).toBe('IPM.Note');
    for (const tag of ['Flag', 'ContentClass', 'MIMEData', 'BodySize']) expect(child(mail!, tag)).toBeUndefined();
  });

  it.each([
    ['0', undefined, '1', '1998'],
    ['1', 512, '1', '1998'],
    ['4', 1998, '0', undefined],
    ['9', 1998, '0', undefined],
  ])(
    'cuts bodies by Truncation %s to %s characters, and Fetch brings the rest',
    async (Truncation, length, cut, size) => {
      const { person, phone } = await started();
      await person.mail('Long', 'a'.repeat(1998));
      const collection = await syncRaw(phone, phone.inbox.id, phone.inbox.syncKey, { Truncation });
      const [mail] = items(collection);
      expect([textOf(mail!, 'Body')?.length, textOf(mail!, 'BodyTruncated'), textOf(mail!, 'BodySize')]).toEqual([
        ...[length, cut, size],
      ]);
      const ServerId = textOf(child(collection, 'Commands')!.children[0]!, 'ServerId')!;
      const fetched = bytesOf(
        sync('Sync', [
          sync('Collections', [
            sync('Collection', [
              sync('Class', 'Email'),
              sync('SyncKey', textOf(collection, 'SyncKey')),
              sync('CollectionId', phone.inbox.id),
              sync('Commands', [sync('Fetch', [sync('ServerId', ServerId)])]),
            ]),
          ]),
        ]),
      );
      const answer = parseDocument((await phone.client.raw('Sync', fetched)).body).children[0]!.children[0]!;
      const [fetch] = child(answer, 'Responses')!.children;
      expect(textOf(child(fetch!, 'ApplicationData')!, 'Body')).toHaveLength(1998);
    },
  );

  it.each([
    ['8', '0'],
    ['1', '0'],
    ['0', '1'],
  ])('brings MIME to who asks for it, with MIMETruncation %s', async (MIMETruncation, truncated) => {
    const { person, phone } = await started();
    await person.mail('Whole');
    const collection = await syncRaw(phone, phone.inbox.id, phone.inbox.syncKey, { MIMESupport: '2', MIMETruncation });
    const [mail] = items(collection);
    expect(textOf(mail!, 'MIMETruncated')).toBe(truncated);
    if (truncated === '0') expect(textOf(mail!, 'MIMEData')).toMatch(/^Subject: Whole|\r\nSubject: Whole/);
    else expect(Number(textOf(mail!, 'MIMESize'))).toBeGreaterThan(50);
    expect(child(mail!, 'Body')).toBeUndefined();
  });

  it.each([25, 120] as const)('without news is no empty answer, version %i, but the same key', async (version) => {
    const { phone } = await started({ ...WM5, version });
    const { document } = await phone.client.sync({
      Collections: { Collection: [{ Class: 'Email', SyncKey: phone.inbox.syncKey, CollectionId: phone.inbox.id }] },
    });
    expect(document?.Collections?.Collection).toEqual([
      { Class: 'Email', SyncKey: phone.inbox.syncKey, CollectionId: phone.inbox.id, Status: 1 },
    ]);
    expect((await phone.client.sync()).status).toBe(400);
  });

  it('takes what the phone did: read and deleted', async () => {
    const { person, phone } = await started();
    await person.mail('One');
    await person.mail('Two');
    await phone.drain(phone.inbox);
    const named = (subject: string) => [...phone.inbox.items].find(([, { Subject }]) => Subject === subject)![0];
    const [one, two] = [named('One'), named('Two')];
    const data = el('AirSync', 'ApplicationData', [el('Email', 'Read', '1')]);
    const Commands = [
      { tag: 'Change', value: { ServerId: one, ApplicationData: data } },
      { tag: 'Delete', value: { ServerId: two } },
    ] as const;
    expect(await phone.sync(phone.inbox, { Commands })).toMatchObject({
      status: 1,
      added: [],
      changed: [],
      deleted: [],
    });
    const other = person.phone({ deviceId: 'OTHER1' });
    await other.start();
    await other.drain(other.inbox);
    expect([...other.inbox.items.values()]).toMatchObject([{ Subject: 'One', Read: true }]);
  });

  it('of a category says nothing: there are none yet', async () => {
    const { person, phone } = await started();
    await person.mail('Coloured');
    const [id] = (await phone.drain(phone.inbox)).added;
    const other = person.phone({ deviceId: 'OTHER1', version: 161 });
    await other.start();
    await other.drain(other.inbox);
    const data = el('AirSync', 'ApplicationData', [el('Email', 'Categories', [el('Email', 'Category', 'Red')])]);
    const Commands = [{ tag: 'Change', value: { ServerId: id!, ApplicationData: data } }] as const;
    await other.sync(other.inbox, { Commands });
    expect(await phone.sync(phone.inbox)).toMatchObject({ status: 1, changed: [] });
  });
});

describe('a phone of 2.5', () => {
  it('waits in a Ping, hears of mail, and repeats the Ping without a body', async () => {
    const { person, phone } = await started();
    const ping = (tag: string, content?: string | WbxmlElement[]) => el('Ping', tag, content as never);
    const folder = ping('Folder', [ping('Id', phone.inbox.id), ping('Class', 'Email')]);
    const body = bytesOf(ping('Ping', [ping('HeartbeatInterval', '480'), ping('Folders', [folder])]));
    const first = phone.client.raw('Ping', body);
    await shared.untilHeld(1);
    await person.mail('News');
    expect(toXml((await first).body)).toMatch(new RegExp(`Status[^>]*>2<.*Folder[^>]*>${phone.inbox.id}<`, 's'));
    expect((await phone.drain(phone.inbox)).added).toHaveLength(1);
    await phone.sync(phone.inbox);
    const second = phone.client.ping();
    await shared.untilHeld(1);
    await person.mail('More news');
    expect((await second).document).toMatchObject({ Status: 2, Folders: { Folder: [phone.inbox.id] } });
  });

  it('gets an attachment by the name that the item tells [MS-ASCMD R157 R160 R166 R6020] [MS-ASHTTP R115 R490]', async () => {
    const { person, phone } = await started();
    await person.deliver(REPORT(person.address));
    const [id] = (await phone.drain(phone.inbox)).added;
    const [attachment] = phone.inbox.items.get(id!)!.LegacyAttachments!.Attachment;
    expect(attachment).toMatchObject({ DisplayName: 'report.pdf', AttMethod: 1, AttSize: FILE.length });
    const ask = (AttachmentName: string) =>
      phone.client.raw('GetAttachment', undefined, {}, undefined, { AttachmentName });
    const answer = await ask(attachment!.AttName);
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/pdf']);
    expect(answer.body.equals(FILE)).toBe(true);
    expect((await ask('nothing')).status).toBe(500);
    const Commands = [{ tag: 'Delete', value: { ServerId: id! } }] as const;
    await phone.sync(phone.inbox, { DeletesAsMoves: false, Commands });
    expect((await ask(attachment!.AttName)).status).toBe(500);
  });

  it('looks people up in the address list, and nothing else', async () => {
    const { person, phone } = await started();
    const search = async (Name: string, text: string) => {
      const value = { Store: { Name, Query: WbxmlElement.of('Search', 'Query', text), Options: { Range: '0-9' } } };
      return (await phone.client.command('Search', SearchRequest, value, SearchResponse)).document!.Response!.Store;
    };
    const { Status, Result } = await search('GAL', person.account.name);
    expect(Status).toBe(1);
    const found = decodeElement(Gal, Result![0]!.Properties as WbxmlElement, 25);
    expect(found).toMatchObject({ EmailAddress: person.address, DisplayName: person.account.name });
    expect(await search('Mailbox', 'Hello')).toEqual({ Status: 2 });
  });

  it('asks how much there is in the elements of its time', async () => {
    const { person, phone } = await started();
    await person.mail('One');
    const estimate = (tag: string, content?: string | WbxmlElement[]) => el('GetItemEstimate', tag, content as never);
    const body = bytesOf(
      estimate('GetItemEstimate', [
        estimate('Collections', [
          estimate('Collection', [
            estimate('Class', 'Email'),
            estimate('CollectionId', phone.inbox.id),
            estimate('DateTime', '2026-01-01T00:00:00.000Z'),
            sync('FilterType', '0'),
            sync('SyncKey', phone.inbox.syncKey),
          ]),
        ]),
      ]),
    );
    const answer = await phone.client.raw('GetItemEstimate', body);
    const { Response } = decode(GetItemEstimateResponse, answer.body, 25);
    expect(Response).toEqual([
      { Status: 1, Collection: { Class: 'Email', CollectionId: phone.inbox.id, Estimate: 1 } },
    ]);
    expect(decode(GetItemEstimateRequest, body, 25).Collections.Collection[0]).toMatchObject({ FilterType: 0 });
  });

  it('moves a mail and empties nothing by it', async () => {
    const { person, phone } = await started();
    await person.mail('Away');
    const [id] = (await phone.drain(phone.inbox)).added;
    const move = (tag: string, content: string | WbxmlElement[]) => el('Move', tag, content as never);
    const drafts = phone.folder(DRAFTS);
    const ids = [move('SrcMsgId', id!), move('SrcFldId', phone.inbox.id), move('DstFldId', drafts.id)];
    const { body } = await phone.client.raw('MoveItems', bytesOf(move('MoveItems', [move('Move', ids)])));
    expect(toXml(body)).toMatch(/Status[^>]*>3</);
    expect((await phone.drain(drafts)).added).toHaveLength(1);
    expect(subjects(drafts)).toEqual(['Away']);
  });

  it('is wiped as every other: 449, RemoteWipe, then nothing more', async () => {
    const { person, phone } = await started();
    const { devices } = shared.running.domain;
    const [device] = await devices.list(person.account.id);
    await devices.orderWipe(person.account.id, device!.id, 'device');
    expect((await phone.client.folderSync({ SyncKey: '0' })).status).toBe(449);
    expect((await phone.client.provision()).document).toEqual({ Status: 1, RemoteWipe: true });
    expect((await phone.client.provision({ RemoteWipe: { Status: 1 } })).document).toEqual({ Status: 1 });
    expect((await phone.client.folderSync({ SyncKey: '0' })).status).toBe(403);
  });

  it('that becomes one of 12.0 has to begin anew, and is told what there is [MS-ASHTTP R1105 R478]', async () => {
    const { person, phone } = await started();
    const newer = person.phone({ ...WM5, version: 120 });
    const { document, headers } = await newer.client.folderSync({ SyncKey: phone.hierarchyKey });
    expect(document).toEqual({ Status: 9 });
    expect(headers['x-ms-rp']).toBe('2.5,12.0,12.1,14.0,14.1,16.0,16.1');
    expect(headers['ms-asprotocolversions']).toBe(headers['x-ms-rp']);
    expect(headers['ms-asprotocolcommands']).toContain('ItemOperations');
    await newer.start();
    expect((await newer.drain(newer.inbox)).status).toBe(1);
  });
});

describe('mail that goes out of a phone of up to 12.1', () => {
  const message = (to: string, body: string) =>
    Buffer.from(`From: me\r\nTo: ${to}\r\nSubject: From a phone\r\nContent-Type: text/plain\r\n\r\n${body}\r\n`);
  const VERSIONS = [25, 120, 121] as const;
  /** As the phone writes it: parameters in the query, the message as the body. */
  const post = (client: EasClient, command: string, body: Buffer, more: object = {}) =>
    client.raw(command, body, { 'Content-Type': 'message/rfc822' }, undefined, more);

  it.each(VERSIONS)(
    'is the message itself, and a copy where the query says so, version %i [MS-ASHTTP R122 R437]',
    async (version) => {
      const [ada, { phone }] = [await shared.person('ada'), await started({ ...WM5, version })];
      for (const [text, SaveInSent] of [
        ['Without', undefined],
        ['With', true],
      ] as const) {
        const answer = await post(phone.client, 'SendMail', message(ada.address, text), { SaveInSent });
        expect([answer.status, answer.body.length]).toEqual([200, 0]);
      }
      const reader = ada.phone({ deviceId: 'ADA1' });
      await reader.start();
      expect((await reader.drain(reader.inbox)).added).toHaveLength(2);
      const sent = phone.folder(SENT_ITEMS);
      const { added } = await phone.drain(sent);
      expect(added).toHaveLength(1);
      const { Body, LegacyBody } = sent.items.get(added[0]!)!;
      expect(Body?.Data ?? LegacyBody).toContain('With');
    },
  );

  it.each(VERSIONS.flatMap((version) => [[version, 'SmartReply'] as const, [version, 'SmartForward'] as const]))(
    'version %i: %s adds the source that the query names',
    async (version, command) => {
      const [ada, { person, phone }] = [await shared.person('ada'), await started({ ...WM5, version })];
      await person.deliver(REPORT(person.address));
      const [ItemId] = (await phone.drain(phone.inbox)).added;
      const parameters = { ItemId, CollectionId: phone.inbox.id, SaveInSent: true };
      expect((await post(phone.client, command, message(ada.address, 'My words'), parameters)).status).toBe(200);
      const reader = ada.phone({ deviceId: 'ADA1' });
      await reader.start();
      const [id] = (await reader.drain(reader.inbox)).added;
      const mail = reader.inbox.items.get(id!)!;
      expect(mail.Body?.Data).toMatch(/My words[\s\S]*See the attachment\./);
      const names = (mail.Attachments?.Attachment ?? []).map(({ DisplayName }) => DisplayName);
      expect(names).toEqual(command === 'SmartForward' ? ['report.pdf'] : []);
    },
  );

  it.each(VERSIONS)('whose source is not there is not sent, version %i', async (version) => {
    const { person, phone } = await started({ ...WM5, version });
    const parameters = { ItemId: `${phone.inbox.id}:01JZZZZZZZZZZZZZZZZZZZZZZZ`, CollectionId: phone.inbox.id };
    const answer = await post(phone.client, 'SmartReply', message(person.address, 'x'), parameters);
    expect(answer.status).toBe(500);
  });

  it('may be named with percent signs in the query, and in any case', async () => {
    const [ada, { phone }] = [await shared.person('ada'), await started()];
    const body = message(ada.address, 'Escaped');
    const answer = await phone.client.raw('SendMail', body, { 'Content-Type': 'MESSAGE/RFC822; charset="x"' });
    expect(answer.status).toBe(200);
  });
});

describe('GetHierarchy', () => {
  it.each([25, 120, 121] as const)(
    'gives the mail folders to version %i [MS-ASCMD R6024 R6030 R6032 R6046 R6047 R6048 R6456 R6457 R6931]',
    async (version) => {
      const { phone } = await started({ ...WM5, version });
      const { FolderCreateRequest, FolderCreateResponse } = await import('../../lib/documents/folder-create.ts');
      const value = { SyncKey: phone.hierarchyKey, ParentId: phone.inbox.id, DisplayName: 'Below', Type: 12 };
      const made = await phone.client.command('FolderCreate', FolderCreateRequest, value, FolderCreateResponse);
      const answer = await phone.client.command('GetHierarchy', GetHierarchyResponse, undefined, GetHierarchyResponse);
      expect(parseDocument(answer.body).tag).toBe('Folders');
      const told = answer.document!.Folder;
      expect(told).toContainEqual({ DisplayName: 'Inbox', ServerId: phone.inbox.id, Type: 2, ParentId: '0' });
      const ServerId = made.document!.ServerId!;
      expect(told).toContainEqual({ DisplayName: 'Below', ServerId, Type: 1, ParentId: phone.inbox.id });
      for (const { ServerId: id } of told) expect([...phone.folders.keys(), ServerId]).toContain(id);
    },
  );

  it('has a code in a base64 query of 12.1', async () => {
    const { phone } = await started({ version: 121, query: 'base64' });
    const answer = await phone.client.command('GetHierarchy', GetHierarchyResponse, undefined, GetHierarchyResponse);
    expect(answer.document!.Folder.length).toBeGreaterThan(3);
  });

  it('is no longer there from 14.0 on: 400, which is not "no such command" [MS-ASCMD R6049]', async () => {
    const { phone } = await started({ version: 140 });
    expect((await phone.client.raw('GetHierarchy')).status).toBe(400);
  });
});

it('encodes what this file sends by hand as a client would', () => {
  const bytes = encode(
    SearchRequest,
    { Store: { Name: 'GAL', Query: WbxmlElement.of('Search', 'Query', 'a'), Options: { Range: '0-1' } } },
    25,
  );
  expect(decode(SearchRequest, bytes, 25).Store.Options).toEqual({ Range: '0-1' });
});
