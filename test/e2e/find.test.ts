import { describe, expect, it } from 'vitest';
import { FindProperties, FindRequest, FindResponse } from '../../lib/documents/find.ts';
import { decodeElement, type WbxmlElement } from '../../lib/wbxml/index.ts';
import type { Phone } from '../support/client/phone.ts';
import { PASSWORD, startServer } from './harness.ts';
import { ready, sharedServer } from './shared.ts';

const shared = sharedServer();
type Execute = FindRequest['ExecuteSearch'];
type Mail = NonNullable<Execute['MailBoxSearchCriterion']>;

async function find(phone: Phone, ExecuteSearch: Execute) {
  const value: FindRequest = { SearchId: 'd5a4f2c0-1f2e-4a64-9d36-5bb8a7c0f111', ExecuteSearch };
  return (await phone.client.command('Find', FindRequest, value, FindResponse)).document!;
}
const mails = (phone: Phone, Query: Mail['Query'], Options?: Mail['Options']) =>
  find(phone, { MailBoxSearchCriterion: { Query, Options } });
const told = ({ Response }: FindResponse): FindProperties[] =>
  (Response?.Result ?? []).map(({ Properties }) => decodeElement(FindProperties, Properties as WbxmlElement, 161));
const subjectsOf = (answer: FindResponse) => told(answer).map(({ Subject }) => Subject);

async function withMail() {
  const person = await shared.person();
  const from = (name: string, subject: string, body: string, more = '') =>
    person.deliver(
      `From: ${name} <${name}@sender.test>\r\nTo: ${person.address}\r\nCc: Team <team@sender.test>\r\n${more}Subject: ${subject}\r\n\r\n${body}\r\n`,
    );
  await from('Ada', 'Budget of the crane', 'It is too high.');
  await from('Bob', 'Weather', 'Budget your time.');
  await from('Cyd', 'Photographs', '', attachment);
  return { person, phone: await ready(person) };
}
const attachment =
  'MIME-Version: 1.0\r\nContent-Type: application/octet-stream; name="crane.jpg"\r\nContent-Disposition: attachment; filename="crane.jpg"\r\n';

describe('Find in the mailbox', () => {
  it('finds words, newest first, with what a list shows [MS-ASCMD R72172509 R72172520 R38391804 R9010602 R9820602 R38971801 R36841701 R45251801 R45251807 R72171802]', async () => {
    const { phone } = await withMail();
    const answer = await mails(phone, { FreeText: 'budget' });
    expect(answer).toMatchObject({ Status: 1, Response: { Store: 'Mailbox', Status: 1, Range: '0-1', Total: 2 } });
    const [newest] = answer.Response!.Result!;
    expect(newest).toMatchObject({ Class: 'Email', CollectionId: phone.inbox.id });
    expect(phone.inbox.items.get(newest!.ServerId!)?.Subject).toBe('Weather');
    expect(told(answer)[0]).toMatchObject({
      Subject: 'Weather',
      Read: false,
      IsDraft: false,
      Importance: 1,
      HasAttachments: false,
      Preview: 'Budget your time.',
      DisplayCc: expect.stringContaining('team@sender.test'),
      From: expect.stringContaining('Bob@sender.test'),
    });
  });

  it.each([
    ['subject:budget', ['Budget of the crane']],
    ['body:budget', ['Weather']],
    ['from:ada', ['Budget of the crane']],
    ['from:ada from:bob', ['Weather', 'Budget of the crane']],
    ['to:person', ['Photographs', 'Weather', 'Budget of the crane']],
    ['cc:team subject:"of the crane"', ['Budget of the crane']],
    ['hasattachment:true', ['Photographs']],
    ['attachment:crane', ['Photographs']],
    ['crane NOT from:ada', ['Photographs']],
    ['weather OR photographs', ['Photographs', 'Weather']],
    ['received>=2026-01-01 weather', ['Weather']],
    ['received<2020-01-01', []],
  ])('understands %s', async (FreeText, expected) => {
    const { phone } = await withMail();
    expect(subjectsOf(await mails(phone, { FreeText }))).toEqual(expected);
  });

  it('has no Result where nothing is found [MS-ASCMD R38391805]', async () => {
    const { phone } = await withMail();
    const { Response } = await mails(phone, { FreeText: 'zebra' });
    expect(Response).toEqual({ Store: 'Mailbox', Status: 1, Result: undefined, Range: undefined, Total: 0 });
    expect((await mails(phone, { FreeText: 'budget', Class: 'Calendar' })).Response!.Result).toBeUndefined();
  });

  it('looks into one folder, and below it where it is asked to', async () => {
    const { phone, person } = await withMail();
    const mailbox = shared.running.domain.mailboxes.open(person.account.id);
    const inbox = phone.inbox.id as never;
    const below = await mailbox.createFolder({ name: 'Below', parent: inbox, type: 12 });
    const [item] = await mailbox.page(inbox, { limit: 1 });
    await mailbox.move(inbox, item!.id, below.id);
    const query = { FreeText: 'sender', CollectionId: inbox };
    expect(subjectsOf(await mails(phone, query))).toHaveLength(2);
    expect(subjectsOf(await mails(phone, query, { DeepTraversal: true }))).toHaveLength(3);
  });

  it('gives at most what the range asks for [MS-ASCMD R37071811 R37071812 R37071816]', async () => {
    const { phone } = await withMail();
    const { Response } = await mails(phone, { FreeText: 'sender' }, { Range: '0-1' });
    expect(Response).toMatchObject({ Status: 1, Range: '0-1', Total: 3 });
    expect(Response!.Result).toHaveLength(2);
    expect((await mails(phone, { FreeText: 'sender' }, { Range: '0-999' })).Response!.Result).toHaveLength(3);
  });

  it.each([
    ['no words [MS-ASCMD R72172521]', { FreeText: '' }, {}, { Status: 1, Response: { Store: 'Mailbox', Status: 2 } }],
    [
      'a range that is none [MS-ASCMD R72172521]',
      { FreeText: 'a' },
      { Range: '5-2' },
      { Status: 1, Response: { Store: 'Mailbox', Status: 2 } },
    ],
    [
      'a range past the beginning [MS-ASCMD R72172518]',
      { FreeText: 'a' },
      { Range: '1-5' },
      { Status: 1, Response: { Store: 'Mailbox', Status: 4 } },
    ],
    ['a folder that is not there [MS-ASCMD R72172515]', { FreeText: 'a', CollectionId: 'gone' }, {}, { Status: 3 }],
  ])('refuses %s', async (_, query, options, answer) => {
    const { phone } = await withMail();
    expect(await mails(phone, query, options)).toEqual(answer);
  });

  it('refuses a search for nothing, and for mail and people at once [MS-ASCMD R72172512]', async () => {
    const { phone } = await withMail();
    expect(await find(phone, {})).toEqual({ Status: 2 });
    const both = { MailBoxSearchCriterion: { Query: { FreeText: 'a' } }, GalSearchCriterion: { Query: 'a' } };
    expect(await find(phone, both)).toEqual({ Status: 2 });
  });
});

describe('Find in the mailbox and in the address list', () => {
  it('tells of people what it never tells of mail [MS-ASCMD R63510605 R65590806 R69581706]', async () => {
    const { phone } = await withMail();
    const tagsOf = ({ Response }: FindResponse) =>
      (Response?.Result ?? []).flatMap(({ Properties }) =>
        (Properties as WbxmlElement).children.map(({ namespace, tag }) => `${namespace}:${tag}`),
      );
    const mail = tagsOf(await mails(phone, { FreeText: 'budget' }));
    expect(mail).toContain('Email:Subject');
    expect(mail.filter((tag) => tag.startsWith('GAL:'))).toEqual([]);
    const people = tagsOf(await find(phone, { GalSearchCriterion: { Query: 'person' } }));
    expect(people).toContain('GAL:FirstName');
    expect(people.filter((tag) => !tag.startsWith('GAL:'))).toEqual([]);
  });
});

describe('Find in the address list', () => {
  it('finds people by the beginnings of their names [MS-ASCMD R10031995 R10031996 R1002501 R131999 R132000 R132004 R61641061 R61641062 R32831608]', async () => {
    const server = await startServer();
    for (const name of ['Ann Smith', 'Anton Dyck', 'Zoe Zimmer']) {
      await server.domain.accounts.create({ address: `${name.split(' ')[0]}@example.test`, name, password: PASSWORD });
    }
    const phone = server.phone();
    await phone.start();
    const gal = (Query: string, Options?: { Range?: string; Picture?: object }) =>
      find(phone, { GalSearchCriterion: { Query, Options } });
    const answer = await gal('an');
    expect(answer).toMatchObject({ Status: 1, Response: { Status: 1, Range: '0-1', Total: 2 } });
    expect(told(answer)).toEqual([
      { DisplayName: 'Ann Smith', Alias: 'ann', FirstName: 'Ann', LastName: 'Smith', EmailAddress: 'ann@example.test' },
      {
        DisplayName: 'Anton Dyck',
        Alias: 'anton',
        FirstName: 'Anton',
        LastName: 'Dyck',
        EmailAddress: 'anton@example.test',
      },
    ]);
    expect(told(await gal('an', { Range: '0-0' }))).toHaveLength(1);
    expect(told(await gal('zoe', { Picture: {} }))[0]!.Picture).toEqual({ Status: 173 });
    expect((await gal('nobody')).Response).toMatchObject({ Status: 1, Total: 0 });
  });
});
