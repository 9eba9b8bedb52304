import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ItemOperationsRequest } from '../../lib/documents/item-operations.ts';
import { Email } from '../../lib/documents/items/email.ts';
import { Gal } from '../../lib/documents/items/gal.ts';
import { SearchRequest, SearchResponse } from '../../lib/documents/search.ts';
import { decodeElement, type WbxmlElement } from '../../lib/wbxml/index.ts';
import { itemOperations, mailOf } from '../support/client/item-operations.ts';
import type { Phone } from '../support/client/phone.ts';
import { PASSWORD, startServer, VERSIONS } from './harness.ts';
import { el, type Person, ready, sharedServer } from './shared.ts';

const shared = sharedServer();

type Options = SearchRequest['Store']['Options'];
type Part = WbxmlElement;
const free = (text: string): Part => el('Search', 'FreeText', text);
const collection = (id: string): Part => el('AirSync', 'CollectionId', id);
const and = (...parts: Part[]): Part => el('Search', 'And', parts);
const compared = (tag: 'GreaterThan' | 'LessThan', value: string): Part =>
  el('Search', tag, [el('Email', 'DateReceived'), el('Search', 'Value', value)]);

async function search(phone: Phone, Name: string, query: Part[] | string, options?: Options) {
  const Query = el('Search', 'Query', query);
  const value: SearchRequest = { Store: { Name, Query, Options: options } };
  const { document } = await phone.client.command('Search', SearchRequest, value, SearchResponse);
  return document!.Response!.Store;
}
const mails = (phone: Phone, query: Part[], options?: Options) => search(phone, 'Mailbox', query, options);
const words = (phone: Phone, text: string, options?: Options) => mails(phone, [and(free(text))], options);

type Store = Awaited<ReturnType<typeof search>>;
const told = ({ Result = [] }: Store): Email[] =>
  Result.flatMap(({ Properties }) => (Properties ? [decodeElement(Email, Properties as WbxmlElement, 161)] : []));
const subjectsOf = (store: Store) => told(store).map(({ Subject }) => Subject);

async function withMail(options: Parameters<Person['phone']>[0] = {}) {
  const person = await shared.person();
  const { delivery } = shared.running.domain;
  // Imported mail has the date that its header says.
  const at = (minute: number, subject: string, text: string) =>
    delivery.deliver(
      person.address,
      Buffer.from(
        `From: Alex Müller <alex@sender.test>\r\nTo: ${person.address}\r\nDate: Thu, 15 Jan 2026 10:${minute}:00 +0000\r\n` +
          `Subject: ${subject}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${text}\r\n`,
      ),
      { from: '', arrival: 'dated' },
    );
  await at(10, 'Invoice for January', 'The crane costs 500 francs.');
  await at(20, 'Lunch', 'Shall we meet at noon? The invoices are paid.');
  await at(30, 'Minutes of the meeting', 'Discussed cranes and 東京都の天気.');
  const mailbox = shared.running.domain.mailboxes.open(person.account.id);
  const phone = await ready(person, options);
  return { person, phone, mailbox };
}

describe('Search of the mailbox', () => {
  it.each(VERSIONS.filter((version) => version >= 120))(
    'finds words wherever they stand, newest first, version %i [MS-ASCMD R3846 R3849 R3851 R3862 R3880 R4327 R4531 R4633 R5849 R3687]',
    async (version) => {
      const { phone } = await withMail({ version });
      const store = await words(phone, 'invoice');
      expect(store).toMatchObject({ Status: 1, Range: '0-1', Total: 2 });
      expect(subjectsOf(store)).toEqual(['Lunch', 'Invoice for January']);
      expect(store.Result![0]).toMatchObject({
        Class: 'Email',
        CollectionId: phone.inbox.id,
        LongId: expect.any(String),
      });
    },
  );

  it.each([
    ['a beginning', 'crane', ['Minutes of the meeting', 'Invoice for January']],
    ['another case, without accents [MS-ASCMD R3699]', 'MULLER lunch', ['Lunch']],
    ['all of several words', 'crane francs', ['Invoice for January']],
    ['a phrase', '"at noon"', ['Lunch']],
    ['words in the order in which they are not', '"noon at"', []],
    ['a word of a language without spaces', '東京', ['Minutes of the meeting']],
    ['a part of such a word', '天気', ['Minutes of the meeting']],
    ['a sender', 'alex@sender.test', ['Minutes of the meeting', 'Lunch', 'Invoice for January']],
    ['nothing that is there', 'zebra', []],
  ])('finds %s', async (_, text, expected) => {
    const { phone } = await withMail();
    expect(subjectsOf(await words(phone, text))).toEqual(expected);
  });

  it('answers with one empty Result where nothing is found [MS-ASCMD R3850]', async () => {
    const { phone } = await withMail();
    expect(await words(phone, 'zebra')).toEqual({ Status: 1, Result: [{}], Range: undefined, Total: 0 });
  });

  it('gives a range, and how many there are of all [MS-ASCMD R3725 R3729 R4638]', async () => {
    const { phone } = await withMail();
    const first = await words(phone, 'alex', { Range: '0-0' });
    expect([first.Range, first.Total, subjectsOf(first)]).toEqual(['0-0', 3, ['Minutes of the meeting']]);
    const rest = await words(phone, 'alex', { Range: '1-50' });
    expect([rest.Range, rest.Total, subjectsOf(rest)]).toEqual(['1-2', 3, ['Lunch', 'Invoice for January']]);
    expect(await words(phone, 'alex', { Range: '50-60' })).toMatchObject({ Status: 1, Result: [{}] });
  });

  it('compares the date of arrival [MS-ASCMD R3140]', async () => {
    const { phone } = await withMail();
    const after = await mails(phone, [and(free('alex'), compared('GreaterThan', '2026-01-15T10:20:00.000Z'))]);
    expect(subjectsOf(after)).toEqual(['Minutes of the meeting']);
    const before = await mails(phone, [and(free('alex'), compared('LessThan', '2026-01-15T10:20:00.000Z'))]);
    expect(subjectsOf(before)).toEqual(['Invoice for January']);
  });

  it('searches the folders that are named, and those below where it is asked to [MS-ASCMD R2031 R2146 R5856]', async () => {
    const { phone, mailbox } = await withMail();
    const inbox = phone.inbox.id as never;
    const below = await mailbox.createFolder({ name: 'Below', parent: inbox, type: 12 });
    const [id] = (await mailbox.page(inbox, { limit: 1 })).map((item) => item.id);
    await mailbox.move(inbox, id!, below.id);
    const query = [and(collection(inbox), free('alex'))];
    expect(subjectsOf(await mails(phone, query))).toEqual(['Lunch', 'Invoice for January']);
    expect(subjectsOf(await mails(phone, query, { DeepTraversal: true }))).toHaveLength(3);
    expect(subjectsOf(await mails(phone, [and(collection('0'), free('alex'))]))).toHaveLength(3);
    expect(subjectsOf(await mails(phone, [and(collection(below.id), free('alex'))]))).toEqual([
      'Minutes of the meeting',
    ]);
  });

  it('finds what just came, and no more what was just deleted or moved [MS-ASCMD R3757]', async () => {
    const { person, phone, mailbox } = await withMail();
    expect((await words(phone, 'crane')).Total).toBe(2);
    await person.mail('The last crane');
    expect(subjectsOf(await words(phone, 'crane'))).toHaveLength(3);
    const inbox = phone.inbox.id as never;
    const [newest, second] = await mailbox.page(inbox, { limit: 2 });
    await mailbox.remove(inbox, [newest!.id]);
    await mailbox.move(inbox, second!.id, phone.folder(4).id as never);
    expect(subjectsOf(await words(phone, 'crane'))).toEqual(['Minutes of the meeting', 'Invoice for January']);
    expect((await words(phone, 'crane', { RebuildResults: true })).Result![0]!.CollectionId).toBe(phone.folder(4).id);
  });

  it('finds the classes that are asked for, and all where none is [MS-ASCMD R920 R922]', async () => {
    const { phone } = await withMail();
    const of = (...names: string[]) =>
      mails(phone, [and(...names.map((name) => el('AirSync', 'Class', name)), free('alex'))]);
    expect((await of()).Total).toBe(3);
    expect((await of('Email', 'Calendar')).Total).toBe(3);
    expect((await of('Tasks', 'Notes', 'SMS', 'Contacts')).Total).toBe(0);
  });

  it('finds a conversation', async () => {
    const { phone } = await withMail();
    const [, mail] = [...phone.inbox.items.values()];
    const store = await mails(phone, [and(el('Search', 'ConversationId', mail!.ConversationId!))]);
    expect(subjectsOf(store)).toEqual([mail!.Subject]);
  });

  it('shows bodies as they are wanted [MS-ASCMD R3383 R3384 R3388] [MS-ASCON R40 R235]', async () => {
    const { phone } = await withMail();
    const [bare] = told(await words(phone, 'lunch'));
    expect(bare!.Body!.Data).toBeUndefined();
    const [text] = told(await words(phone, 'lunch', { BodyPreference: [{ Type: 1, TruncationSize: 5 }] }));
    expect(text!.Body).toMatchObject({ Type: 1, Data: 'Shall', Truncated: true });
    const [mime] = told(await words(phone, 'lunch', { MIMESupport: 2, BodyPreference: [{ Type: 4 }] }));
    expect(mime!.Body).toMatchObject({ Type: 4, Data: expect.stringContaining('Subject: Lunch') });
    const [part] = told(await words(phone, 'lunch', { BodyPartPreference: { Type: 2 } }));
    expect(part!.BodyPart).toMatchObject({ Status: 1, Data: expect.stringContaining('Shall we meet') });
  });

  it('gives ids by which ItemOperations fetches, also after the message was moved', async () => {
    const { phone, mailbox } = await withMail();
    const { Result } = await words(phone, 'lunch');
    const { LongId } = Result![0]!;
    const fetch: ItemOperationsRequest = [{ tag: 'Fetch', value: { Store: 'Mailbox', LongId } }];
    const ask = async () => (await itemOperations(phone.client, fetch)).document!.Response!.Fetch![0]!;
    const before = await ask();
    expect(before).toMatchObject({ Status: 1, LongId, Class: 'Email' });
    expect(mailOf(before, 161).Body!.Data).toContain('Shall we meet');
    const [folder, id] = LongId!.split(':') as [never, never];
    await mailbox.move(folder, id, phone.folder(4).id as never);
    expect(mailOf(await ask(), 161).Subject).toBe('Lunch');
  });

  const or = el('Search', 'Or', [free('a')]);
  it.each([
    [2, 'nothing to search for [MS-ASCMD R4329]', [and()], undefined],
    [2, 'no query at all [MS-ASCMD R4329]', [], undefined],
    [2, 'words without letters [MS-ASCMD R4329]', [and(free('?!'))], undefined],
    [2, 'a class that is none [MS-ASCMD R4329]', [and(free('a'), el('AirSync', 'Class', 'Fish'))], undefined],
    [2, 'a date that is none [MS-ASCMD R4329]', [and(free('a'), compared('LessThan', 'tomorrow'))], undefined],
    [2, 'a range that is none [MS-ASCMD R4329]', [and(free('a'))], { Range: '9-1' }],
    [2, 'a MIMESupport that is none [MS-ASCMD R4329]', [and(free('a'))], { MIMESupport: 9 }],
    [8, 'Or', [or], undefined],
    [8, 'Or within And', [and(free('a'), or)], undefined],
    [8, 'two Ands [MS-ASCMD R772]', [and(free('a')), and(free('b'))], undefined],
    [8, 'And within And [MS-ASCMD R772]', [and(and(free('a')))], undefined],
    [8, 'words outside of And [MS-ASCMD R3105]', [free('a')], undefined],
    [8, 'a folder outside of And [MS-ASCMD R2032]', [collection('inbox'), and(free('a'))], undefined],
    [8, 'a class outside of And [MS-ASCMD R923]', [el('AirSync', 'Class', 'Email')], undefined],
    [8, 'a conversation outside of And [MS-ASCMD R2086]', [el('Search', 'ConversationId', randomBytes(16))], undefined],
    [
      8,
      'a later date outside of And [MS-ASCMD R3143]',
      [compared('GreaterThan', '2026-01-15T10:20:00.000Z')],
      undefined,
    ],
    [
      8,
      'an earlier date outside of And [MS-ASCMD R3220]',
      [compared('LessThan', '2026-01-15T10:20:00.000Z')],
      undefined,
    ],
    [11, 'a folder that is not there', [and(collection('gone'), free('a'))], undefined],
    [12, 'a range past what can be had [MS-ASCMD R3736]', [and(free('a'))], { Range: '0-100' }],
    [
      164,
      'a message part of another type than HTML [MS-ASCMD R5412] [MS-ASCON R241]',
      [and(free('a'))],
      { BodyPartPreference: { Type: 1 } },
    ],
  ] as [number, string, Part[], Options][])('says %i to %s', async (status, _, query, options) => {
    const phone = await ready(await shared.person());
    expect(await mails(phone, query, options)).toEqual({ Status: status });
  });

  it.each([
    ['DocumentLibrary', 6, '[MS-ASCMD R4342]'],
    ['Moon', 2, ''],
  ])('of the store %s, which is not here: %i %s', async (name, status) => {
    const phone = await ready(await shared.person());
    expect(await search(phone, name, [and(free('a'))])).toEqual({ Status: status });
  });

  it.each([
    ['DeepTraversal', '[MS-ASCMD R2143]'],
    ['RebuildResults', '[MS-ASCMD R3747]'],
    ['Range', '[MS-ASCMD R3723]'],
    ['MIMESupport', '[MS-ASCMD R3374]'],
  ])('takes %s twice %s', async (tag) => {
    const { phone } = await withMail();
    const twice = () =>
      el(
        tag === 'MIMESupport' ? 'AirSync' : 'Search',
        tag as 'Range',
        tag === 'Range' ? '0-9' : tag === 'MIMESupport' ? '0' : undefined,
      );
    const options = el('Search', 'Options', [twice(), twice()]);
    const store = el('Search', 'Store', [
      el('Search', 'Name', 'Mailbox'),
      el('Search', 'Query', [and(free('lunch'))]),
      options,
    ]);
    const { bytesOf } = await import('./shared.ts');
    const answer = await phone.client.raw('Search', bytesOf(el('Search', 'Search', [store])));
    expect(answer.body.toString('latin1')).toContain('Lunch');
  });
});

describe('Moving a conversation always', () => {
  const move = (
    ConversationId: Uint8Array,
    DstFldId: string,
    Options: object | undefined = { MoveAlways: true },
  ): ItemOperationsRequest => [{ tag: 'Move', value: { ConversationId, DstFldId, Options } }];
  const ask = async (phone: Phone, value: ItemOperationsRequest) =>
    (await itemOperations(phone.client, value)).document!.Response!.Move!;

  async function thread() {
    const person = await shared.person();
    const message = (n: number, more = '') =>
      `From: a@b.test\r\nTo: ${person.address}\r\nMessage-ID: <t${n}@b.test>\r\n${more}Subject: ${n > 1 ? 'Re: ' : ''}Trip\r\n\r\nPart ${n}\r\n`;
    const reply = (n: number) => message(n, `In-Reply-To: <t1@b.test>\r\nReferences: <t1@b.test>\r\n`);
    await person.deliver(message(1));
    await person.deliver(reply(2));
    await person.mail('Something else');
    const phone = await ready(person);
    const mailbox = shared.running.domain.mailboxes.open(person.account.id);
    const [first] = [...phone.inbox.items.entries()].filter(([, { Subject }]) => Subject === 'Trip');
    return { person, phone, mailbox, id: first![1].ConversationId!, serverId: first![0], reply };
  }

  it('moves what is there from all folders but Sent Items, and what comes later [MS-ASCMD R201 R2080 R3465] [MS-ASCON R68 R69 R70 R118 R126 R130 R139 R142 R143 R166 R172 R213 R214 R215 R216]', async () => {
    const { person, phone, mailbox, id, serverId, reply } = await thread();
    const [folder, item] = serverId.split(':') as [never, never];
    await mailbox.move(folder, item, phone.folder(5).id as never);
    expect(await ask(phone, move(id, phone.folder(4).id))).toEqual([{ Status: 1, ConversationId: expect.anything() }]);
    await person.deliver(reply(3));
    await phone.drain(phone.inbox);
    expect([...phone.inbox.items.values()].map(({ Subject }) => Subject)).toEqual(['Something else']);
    await phone.drain(phone.folder(4));
    expect(phone.folder(4).items.size).toBe(2);
    await phone.drain(phone.folder(5));
    expect(phone.folder(5).items.size).toBe(1);
  });

  it('lets mail come to the Inbox again when the folder was deleted', async () => {
    const { person, phone, mailbox, id, reply } = await thread();
    const target = await mailbox.createFolder({ name: 'Trip', parent: '0' as never, type: 12 });
    expect(await ask(phone, move(id, target.id))).toMatchObject([{ Status: 1 }]);
    await mailbox.deleteFolder(target.id);
    await person.deliver(reply(4));
    const { added } = await phone.drain(phone.inbox);
    expect(added).toHaveLength(1);
  });

  it.each([
    [155, 'without MoveAlways [MS-ASCMD R3475 R4171]', 'trash', undefined],
    [
      2,
      'with an option of another operation [MS-ASCMD R3547] [MS-ASCON R144]',
      'trash',
      { MoveAlways: true, DeleteSubFolders: true },
    ],
    [6, 'to a folder that is not there [MS-ASCON R317]', 'gone', { MoveAlways: true }],
    [105, 'to the recipient information cache [MS-ASCMD R196] [MS-ASCON R262]', 'RI', { MoveAlways: true }],
    [156, 'to a folder that is not for mail [MS-ASCMD R4173 R4942] [MS-ASCON R338]', 'calendar', { MoveAlways: true }],
  ])('says %i to a move %s', async (status, _, target, options) => {
    const { phone, mailbox, id } = await thread();
    const calendar = await mailbox.createFolder({ name: 'Dates', parent: '0' as never, type: 13 });
    const folders: Record<string, string> = { trash: phone.folder(4).id, calendar: calendar.id };
    const value: ItemOperationsRequest = [
      { tag: 'Move', value: { ConversationId: id, DstFldId: folders[target] ?? target, Options: options } },
    ];
    expect(await ask(phone, value)).toMatchObject([{ Status: status }]);
  });

  it('says 6 to a conversation that is not there [MS-ASCON R146]', async () => {
    const { phone } = await thread();
    expect(await ask(phone, move(randomBytes(16), phone.folder(4).id))).toMatchObject([{ Status: 6 }]);
  });
});

describe('Search of the mailbox and of the address list', () => {
  it('tells of people what it never tells of mail [MS-ASCMD R5286 R5293 R5300 R5316 R5323 R5330 R5337 R5353 R5360 R5368 R5391]', async () => {
    const { phone } = await withMail();
    const tagsOf = (store: Store) =>
      (store.Result ?? []).flatMap(({ Properties }) =>
        (Properties as WbxmlElement).children.map(({ namespace, tag }) => `${namespace}:${tag}`),
      );
    const mail = tagsOf(await words(phone, 'invoice', { BodyPreference: [{ Type: 1 }] }));
    expect(mail).toContain('Email:Subject');
    expect(mail.filter((tag) => tag.startsWith('GAL:'))).toEqual([]);
    const people = tagsOf(await search(phone, 'GAL', 'person'));
    expect(people).toContain('GAL:Alias');
    expect(people.filter((tag) => !tag.startsWith('GAL:'))).toEqual([]);
  });

  it('says only what a Search can say [MS-ASCMD R4321 R4325]', async () => {
    const { phone } = await withMail();
    const statuses = new Set<number>();
    const ask = async (Name: string, query: Part[] | string, options?: Options) => {
      const Query = el('Search', 'Query', query);
      const value: SearchRequest = { Store: { Name, Query, Options: options } };
      const { document } = await phone.client.command('Search', SearchRequest, value, SearchResponse);
      expect([1, 3]).toContain(document!.Status);
      statuses.add(document!.Response!.Store.Status);
    };
    await ask('Mailbox', [and(free('invoice'))]);
    await ask('Mailbox', [and()]);
    await ask('Mailbox', [el('Search', 'Or', [free('a')])]);
    await ask('Mailbox', [and(free('a'), collection('gone'))]);
    await ask('Mailbox', [and(free('a'))], { Range: '0-5000' });
    await ask('Mailbox', [and(free('a'))], { Range: '0-500' });
    await ask('DocumentLibrary', 'x');
    await ask('GAL', 'nobody at all');
    expect([...statuses].sort((a, b) => a - b)).toEqual([1, 2, 6, 8, 11, 12]);
  });

  it('refuses two conversations at once [MS-ASCMD R5815]', async () => {
    const { phone } = await withMail();
    const id = () => el('Search', 'ConversationId', Buffer.alloc(16, 1));
    const store = await mails(phone, [and(id(), id())]);
    expect(store.Status).toBe(2);
  });
});

describe('Search of the address list', () => {
  async function office() {
    const server = await startServer();
    const add = (address: string, name: string) => server.domain.accounts.create({ address, name, password: PASSWORD });
    await add('zoe@example.test', 'Zoë Zimmer');
    await add('ann@example.test', 'Ann Smith');
    await add('anton@example.test', 'Anton van Dyck');
    await add('secret@elsewhere.test', 'Anna Elsewhere');
    const gone = await add('andy@example.test', 'Andy Gone');
    await server.domain.accounts.update(gone.id, { enabled: false });
    const find = async (phone: Phone, text: string, options?: Options) => {
      const store = await search(phone, 'GAL', text, options);
      const entries = (store.Result ?? []).map(({ Properties }) => decodeElement(Gal, Properties as WbxmlElement, 161));
      return { store, entries, names: entries.map(({ DisplayName }) => DisplayName) };
    };
    return { server, find };
  }

  it('finds people by the beginnings of their names, by display name, in the own domain only [MS-ASCMD R416 R419 R420 R421 R426 R431 R3699 R5711 R4638]', async () => {
    const { server, find } = await office();
    const phone = server.phone();
    await phone.start();
    expect((await find(phone, 'an')).names).toEqual(['Ann Smith', 'Anton van Dyck']);
    expect((await find(phone, 'AN SM')).names).toEqual(['Ann Smith']);
    expect((await find(phone, 'zoe')).names).toEqual(['Zoë Zimmer']);
    expect((await find(phone, 'dyck')).names).toEqual(['Anton van Dyck']);
    expect((await find(phone, 'anton@ex')).names).toEqual(['Anton van Dyck']);
    const { store, entries } = await find(phone, 'ann');
    expect(store).toMatchObject({ Status: 1, Range: '0-0', Total: 1 });
    expect(entries).toEqual([
      { DisplayName: 'Ann Smith', Alias: 'ann', FirstName: 'Ann', LastName: 'Smith', EmailAddress: 'ann@example.test' },
    ]);
    const first = await find(phone, 'an', { Range: '0-0' });
    expect([first.names, first.store.Range, first.store.Total]).toEqual([['Ann Smith'], '0-0', 2]);
  });

  it('tells only what there is of each entry, its alias among it [MS-ASCMD R3691 R3692 R3848 R5287]', async () => {
    const { server, find } = await office();
    await server.domain.accounts.create({ address: 'zz.top@example.test', name: '' });
    const phone = server.phone();
    await phone.start();
    const { entries } = await find(phone, 'z');
    expect(entries.map((entry) => Object.keys(entry))).toEqual([
      ['DisplayName', 'Alias', 'FirstName', 'LastName', 'EmailAddress'],
      ['DisplayName', 'Alias', 'EmailAddress'],
    ]);
    expect(entries.map(({ Alias }) => Alias)).toEqual(['zoe', 'zz.top']);
    expect(entries.flatMap((entry) => Object.values(entry))).not.toContain('');
  });

  it('has no Result where nobody is found [MS-ASCMD R3847 R7078]', async () => {
    const { server, find } = await office();
    const phone = server.phone();
    await phone.start();
    expect((await find(phone, 'quentin')).store).toEqual({ Status: 1, Result: undefined, Range: undefined, Total: 0 });
  });

  it('says that there is no picture where one is asked for, from 14.1 on [MS-ASCMD R3295 R4373 R7273]', async () => {
    const { server, find } = await office();
    const phone = server.phone({ version: 141 });
    await phone.start();
    const { entries } = await find(phone, 'ann', { Picture: { MaxSize: 1000 } });
    expect(entries[0]!.Picture).toEqual({ Status: 173 });
    expect((await find(phone, 'ann')).entries[0]!.Picture).toBeUndefined();
  });
});
