/** One mail, told by each command that tells of mail. */
import { describe, expect, it } from 'vitest';
import { FindProperties, FindRequest, FindResponse } from '../../lib/documents/find.ts';
import { Email } from '../../lib/documents/items/email.ts';
import { SearchRequest, SearchResponse } from '../../lib/documents/search.ts';
import { decodeElement, type WbxmlElement } from '../../lib/wbxml/index.ts';
import { itemOperations } from '../support/client/item-operations.ts';
import type { Phone } from '../support/client/phone.ts';
import { el, type Person, ready, sharedServer } from './shared.ts';

const shared = sharedServer();
const TEXT = 'The crane costs 500 francs. '.repeat(40);
const HTML = `<html><body><p>${TEXT}</p></body></html>`;

async function withMail(type = 'text/plain', text = TEXT): Promise<{ person: Person; phone: Phone; id: string }> {
  const person = await shared.person();
  await person.deliver(
    `From: Ada <ada@sender.test>\r\nTo: ${person.address}\r\nSubject: Crane\r\nMIME-Version: 1.0\r\nContent-Type: ${type}; charset=utf-8\r\n\r\n${text}\r\n`,
  );
  const phone = await ready(person);
  const [id] = phone.inbox.items.keys();
  return { person, phone, id: id! };
}

type Options = NonNullable<SearchRequest['Store']['Options']>;

/** What each command shows of it; ApplicationData or Properties as they are on the wire. */
const COMMANDS: Readonly<Record<string, (phone: Phone, id: string, options: Options) => Promise<WbxmlElement>>> = {
  async Sync(phone, _, { BodyPreference, BodyPartPreference }) {
    const ask = (SyncKey: string) =>
      phone.client.sync({
        Collections: {
          Collection: [
            { SyncKey, CollectionId: phone.inbox.id, Options: [{ BodyPreference, BodyPartPreference }] },
          ] as never,
        },
      });
    const first = (await ask('0')).document!.Collections!.Collection[0]!;
    const { Commands } = (await ask(first.SyncKey!)).document!.Collections!.Collection[0]!;
    expect(Commands!.map(({ tag }) => tag)).toEqual(['Add']);
    return (Commands![0]!.value as unknown as { ApplicationData: WbxmlElement }).ApplicationData;
  },
  async ItemOperations(phone, ServerId, { BodyPreference, BodyPartPreference }) {
    const value = {
      Store: 'Mailbox',
      CollectionId: phone.inbox.id,
      ServerId,
      Options: { BodyPreference, BodyPartPreference },
    };
    const { document } = await itemOperations(phone.client, [{ tag: 'Fetch', value }] as never);
    return document!.Response!.Fetch![0]!.Properties as WbxmlElement;
  },
  async Search(phone, _, options) {
    const Query = el('Search', 'Query', [el('Search', 'And', [el('Search', 'FreeText', 'crane')])]);
    const value: SearchRequest = { Store: { Name: 'Mailbox', Query, Options: options } };
    const { document } = await phone.client.command('Search', SearchRequest, value, SearchResponse);
    return document!.Response!.Store.Result![0]!.Properties as WbxmlElement;
  },
};

const names = (element: WbxmlElement | undefined) => element?.children.map(({ tag }) => tag);
const child = (data: WbxmlElement, tag: string) => data.children.find((one) => one.tag === tag);

describe('a mail', () => {
  it.each([
    ['Sync', '[MS-ASEMAIL R51 R55 R70 R71 R72 R246 R250] [MS-ASAIRS R386 R413]'],
    ['ItemOperations', '[MS-ASEMAIL R62 R248]'],
    ['Search', '[MS-ASEMAIL R67 R247]'],
  ])('is told by %s with its elements and its body in parts %s', async (command) => {
    const { phone, id } = await withMail();
    const data = await COMMANDS[command]!(phone, id, { BodyPreference: [{ Type: 1, TruncationSize: 9 }] });
    expect(decodeElement(Email, data, 161)).toMatchObject({
      Subject: 'Crane',
      From: expect.stringContaining('ada@sender.test'),
      Read: false,
      MessageClass: 'IPM.Note',
      Body: { Type: 1, Truncated: true, Data: 'The crane' },
    });
    expect(names(child(data, 'Body'))).toEqual(['Type', 'EstimatedDataSize', 'Truncated', 'Data']);
  });

  it('is told by Find with what a list shows [MS-ASEMAIL R6000 R6001]', async () => {
    const { phone } = await withMail();
    const ExecuteSearch = { MailBoxSearchCriterion: { Query: { FreeText: 'crane' } } };
    const value: FindRequest = { SearchId: 'd5a4f2c0-1f2e-4a64-9d36-5bb8a7c0f111', ExecuteSearch };
    const { document } = await phone.client.command('Find', FindRequest, value, FindResponse);
    const [found] = document!.Response!.Result!;
    expect(decodeElement(FindProperties, found!.Properties as WbxmlElement, 161)).toMatchObject({
      Subject: 'Crane',
      Read: false,
      Importance: 1,
      From: expect.stringContaining('ada@sender.test'),
    });
  });
});

describe.each(Object.keys(COMMANDS))('AllOrNone in %s', (command) => {
  const body = async (BodyPreference: object) => {
    const { phone, id } = await withMail();
    const data = await COMMANDS[command]!(phone, id, { BodyPreference: [BodyPreference] } as Options);
    return decodeElement(Email, data, 161).Body!;
  };

  it('retrieves what fits whole, and nothing of what does not [MS-ASAIRS R53 R375]', async () => {
    const whole = await body({ Type: 1, TruncationSize: 5000, AllOrNone: true });
    expect(whole.Data?.trim()).toBe(TEXT.trim());
    const cut = await body({ Type: 1, TruncationSize: 9, AllOrNone: true });
    expect([cut.Data, cut.Truncated]).toEqual([undefined, true]);
  });

  it.each([{ AllOrNone: false }, {}])(
    '%o retrieves what was cut as well [MS-ASAIRS R55 R73 R380 R422]',
    async (more) => {
      expect(await body({ Type: 1, TruncationSize: 9, ...more })).toMatchObject({ Data: 'The crane', Truncated: true });
      expect((await body({ Type: 1, TruncationSize: 5000, ...more })).Data?.trim()).toBe(TEXT.trim());
    },
  );

  it('left out of a BodyPartPreference is 0; 1 retrieves nothing of what does not fit [MS-ASAIRS R62 R63 R392 R409]', async () => {
    const part = async (BodyPartPreference: object) => {
      const { phone, id } = await withMail('text/html', HTML);
      const data = await COMMANDS[command]!(phone, id, { BodyPartPreference } as Options);
      return decodeElement(Email, data, 161).BodyPart!;
    };
    const cut = await part({ Type: 2, TruncationSize: 100 });
    expect(cut).toMatchObject({ Status: 1, Type: 2, Truncated: true, Data: expect.stringContaining('The crane') });
    expect(Buffer.byteLength(cut.Data!)).toBeLessThanOrEqual(100);
    expect((await part({ Type: 2, TruncationSize: 50_000 })).Data).toContain(TEXT.trim());
    expect((await part({ Type: 2, TruncationSize: 100, AllOrNone: true })).Data).toBeUndefined();
  });
});
