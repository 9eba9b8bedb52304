/** Rules of MS-ASCMD about the documents of Sync and Search that no other file is about. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SyncResponse } from '../../lib/documents/sync.ts';
import { decode, parseDocument, type WbxmlElement } from '../../lib/wbxml/index.ts';
import type { Phone } from '../support/client/phone.ts';
import { bytesOf, el, ready, sharedServer } from './shared.ts';

const shared = sharedServer();

async function sync(phone: Phone, parts: readonly WbxmlElement[], key = phone.inbox.syncKey) {
  const ids = [el('AirSync', 'SyncKey', key), el('AirSync', 'CollectionId', phone.inbox.id)];
  const collections = el('AirSync', 'Collections', [el('AirSync', 'Collection', [...ids, ...parts])]);
  const { body } = await phone.client.raw('Sync', bytesOf(el('AirSync', 'Sync', [collections])));
  const answer = decode(SyncResponse, body, phone.client.version);
  const [collection] = answer.Collections?.Collection ?? [];
  return { collection, status: answer.Status ?? collection?.Status, body };
}
const children = (body: Uint8Array, tag: string): readonly (readonly string[])[] => {
  const found: string[][] = [];
  const walk = (one: WbxmlElement): void => {
    if (one.tag === tag) found.push(one.children.map((child) => child.tag));
    one.children.forEach(walk);
  };
  walk(parseDocument(body));
  return found;
};
const options = (...parts: WbxmlElement[]) => el('AirSync', 'Options', parts);

describe('a Sync', () => {
  it('has no Commands and no Responses without one of them [MS-ASCMD R2053 R3834 R3836]', async () => {
    const person = await shared.person();
    await person.mail('One');
    const phone = person.phone();
    await phone.start();
    await phone.sync(phone.inbox);
    const news = await sync(phone, []);
    expect([children(news.body, 'Commands'), children(news.body, 'Responses')]).toEqual([[['Add']], []]);
    phone.apply(phone.inbox, news.collection!);
    const [id] = phone.inbox.items.keys();
    const fetch = el('AirSync', 'Commands', [el('AirSync', 'Fetch', [el('AirSync', 'ServerId', id!)])]);
    const fetched = await sync(phone, [fetch]);
    expect([children(fetched.body, 'Commands'), children(fetched.body, 'Responses')]).toEqual([[], [['Fetch']]]);
  });

  it.each([25, 121, 161] as const)(
    'with a filter for one folder that mail does not have brings the mail of the other, version %i',
    async (version) => {
      const person = await shared.person();
      const phone = person.phone({ version });
      await phone.start();
      await phone.drain(phone.inbox);
      const trash = phone.folder(4);
      await phone.drain(trash);
      await person.mail('News');
      const filtered = { SyncKey: trash.syncKey, CollectionId: trash.id, Options: [{ FilterType: 6 }] };
      const inbox = { SyncKey: phone.inbox.syncKey, CollectionId: phone.inbox.id };
      const { document } = await phone.client.sync({ Collections: { Collection: [filtered, inbox] } });
      expect(document?.Status).toBeUndefined();
      expect(document?.Collections?.Collection).toMatchObject([
        { Status: 4, SyncKey: trash.syncKey, CollectionId: trash.id },
        { Status: 1, CollectionId: phone.inbox.id, Commands: [{ tag: 'Add' }] },
      ]);
    },
  );

  it('of more than 512 changes says that there is more, whatever the window [MS-ASCMD R3460]', async () => {
    const person = await shared.person();
    await person.mail('One');
    const sizes = [undefined, 0, 100, 512];
    const phones = await Promise.all(sizes.map((_, n) => ready(person, { deviceId: `WINDOW0${n}` })));
    for (let n = 0; n < 513; n += 57) {
      await Promise.all(Array.from({ length: 57 }, (_, m) => person.mail(`Mail ${n + m}`)));
    }
    for (const [n, size] of sizes.entries()) {
      const window = size === undefined ? [] : [el('AirSync', 'WindowSize', `${size}`)];
      const { collection } = await sync(phones[n]!, window);
      expect(collection!.MoreAvailable, `window ${size}`).toBe(true);
      expect(collection!.Commands!.length, `window ${size}`).toBeLessThanOrEqual(512);
    }
  });

  it.each(['1', '{11111111-2222-3333-4444-555555555555}1'])(
    'under the key %s, which is of no first Sync, is refused [MS-ASCMD R5032]',
    async (key) => {
      const phone = (await shared.person()).phone();
      await phone.start();
      expect((await sync(phone, [], key)).status).toBe(3);
    },
  );

  it.each([
    ['two classes', '[MS-ASCMD R938]', [el('AirSync', 'Class', 'Email'), el('AirSync', 'Class', 'Email')]],
    ['two MaxItems', '[MS-ASCMD R3280]', [el('AirSync', 'MaxItems', '5'), el('AirSync', 'MaxItems', '6')]],
  ] as const)('takes %s in Options %s', async (_, _ids, parts) => {
    const person = await shared.person();
    await person.mail('One');
    const phone = person.phone();
    await phone.start();
    await phone.sync(phone.inbox);
    const { status, collection } = await sync(phone, [options(...parts)]);
    expect([status, collection!.Commands!.length]).toEqual([1, 1]);
  });

  it('has a body for a signed message as for any other, with its type, sizes and data [MS-ASCMD R3408]', async () => {
    const person = await shared.person();
    await person.deliver(readFileSync(new URL('../fixtures/mail/smime-signed.eml', import.meta.url)));
    const phone = person.phone();
    await phone.start();
    await phone.sync(phone.inbox);
    const preference = el('AirSyncBase', 'BodyPreference', [el('AirSyncBase', 'Type', '4')]);
    const { body } = await sync(phone, [options(el('AirSync', 'MIMESupport', '1'), preference)]);
    expect(children(body, 'ApplicationData')[0]).toContain('Body');
    expect(children(body, 'Body')).toEqual([expect.arrayContaining(['Type', 'EstimatedDataSize', 'Data'])]);
  });
});

describe('an attachment', () => {
  it.each([140, 141, 160, 161] as const)(
    'of each file is in its mail, for want of GetAttachment, version %i [MS-ASCMD R5501]',
    async (version) => {
      const person = await shared.person();
      const part = (name: string) =>
        `--m\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename="${name}"\r\n\r\nx\r\n`;
      await person.deliver(
        `From: a@b.test\r\nSubject: Two\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n${part('a.pdf')}${part('b.pdf')}--m--\r\n`,
      );
      const phone = await ready(person, { version });
      const [mail] = [...phone.inbox.items.values()];
      expect(mail!.Attachments!.Attachment!.map(({ DisplayName }) => DisplayName)).toEqual(['a.pdf', 'b.pdf']);
    },
  );
});

describe('a Search', () => {
  it('of two stores is no error of the protocol [MS-ASCMD R4535]', async () => {
    const person = await shared.person();
    await person.mail('Crane');
    const phone = await ready(person);
    const query = el('Search', 'Query', [el('Search', 'And', [el('Search', 'FreeText', 'crane')])]);
    const store = () => el('Search', 'Store', [el('Search', 'Name', 'Mailbox'), query]);
    const { status, body } = await phone.client.raw('Search', bytesOf(el('Search', 'Search', [store(), store()])));
    expect(status).toBe(200);
    const root = parseDocument(body);
    expect(root.children.find(({ tag }) => tag === 'Status')?.content).toBe('1');
  });
});
