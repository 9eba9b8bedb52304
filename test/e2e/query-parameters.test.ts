/** What SendMail, SmartReply, SmartForward and GetAttachment say in the query up to 12.1, in both of its forms. */
import { describe, expect, it } from 'vitest';
import { SearchRequest, SearchResponse } from '../../lib/documents/search.ts';
import type { Phone } from '../support/client/phone.ts';
import { el, type Person, ready, sharedServer, subjects } from './shared.ts';

const shared = sharedServer();
const FORMS = ['plain', 'base64'] as const;
const SENT_ITEMS = 5;

const PDF = Buffer.from('%PDF-1.7 a file');
const SOURCE = [
  'From: Alex <alex@sender.test>',
  'Subject: Question',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary="b"',
  '',
  '--b',
  'Content-Type: text/plain',
  '',
  'How are you, Zebra?',
  '--b',
  'Content-Type: application/pdf; name="plan.pdf"',
  'Content-Disposition: attachment; filename="plan.pdf"',
  'Content-Transfer-Encoding: base64',
  '',
  PDF.toString('base64'),
  '--b--',
  '',
].join('\r\n');

const mime = (to: string, subject: string) =>
  Buffer.from(`From: ${to}\r\nTo: ${to}\r\nSubject: ${subject}\r\n\r\nMy words.\r\n`);

/** A phone of 12.1 that has the question, and the addressee of what it sends. */
async function withQuestion(query: (typeof FORMS)[number]) {
  const [person, friend] = [await shared.person(), await shared.person()];
  await person.deliver(SOURCE);
  const phone = await ready(person, { version: 121, query });
  await phone.drain(phone.folder(SENT_ITEMS));
  const [id] = phone.inbox.items.keys();
  return { person, friend, phone, source: { CollectionId: phone.inbox.id, ItemId: id! } };
}

/** The only message of somebody's Inbox. */
async function arrived(friend: Person) {
  const phone = await ready(friend, { deviceId: `R${Math.random().toString(36).slice(2, 10)}` });
  expect(phone.inbox.items.size).toBe(1);
  return [...phone.inbox.items.values()][0]!;
}

async function copies(phone: Phone) {
  await phone.drain(phone.folder(SENT_ITEMS));
  return subjects(phone.folder(SENT_ITEMS));
}

describe.each(FORMS)('in a %s query', (query) => {
  it('SendMail sends, with SaveInSent for a copy and without it for none [MS-ASHTTP R484 R531 R533 R93 R121]', async () => {
    const { friend, phone } = await withQuestion(query);
    const send = (subject: string, save?: boolean) =>
      phone.client.compose('SendMail', { mime: mime(friend.address, subject), save });
    expect((await send('Kept', true)).status).toBe(200);
    expect(await arrived(friend)).toMatchObject({ Subject: 'Kept' });
    expect((await send('Not kept', false)).status).toBe(200);
    expect((await send('Nothing said')).status).toBe(200);
    expect(await copies(phone)).toEqual(['Kept']);
  });

  it('SmartReply finds what it answers by CollectionId and ItemId, and quotes it without its files [MS-ASHTTP R489 R435 R436]', async () => {
    const { friend, phone, source } = await withQuestion(query);
    const answer = await phone.client.compose('SmartReply', { mime: mime(friend.address, 'Answer'), source });
    expect(answer.status).toBe(200);
    const mail = await arrived(friend);
    expect(mail.Body?.Data).toMatch(/^My words\..*How are you, Zebra\?/s);
    expect(mail.Attachments?.Attachment ?? []).toEqual([]);
  });

  it('SmartForward brings along what the phone never had: the whole message with its files [MS-ASHTTP R488 R511 R517]', async () => {
    const { friend, phone, source } = await withQuestion(query);
    const answer = await phone.client.compose('SmartForward', { mime: mime(friend.address, 'Look'), source });
    expect(answer.status).toBe(200);
    const mail = await arrived(friend);
    expect(mail.Body?.Data).toMatch(/^My words\./);
    expect(mail.Attachments?.Attachment ?? []).not.toEqual([]);
  });

  it.each([
    ['SmartReply', 'another ItemId', { ItemId: 'inbox:01ARZ3NDEKTSV4RRFFQ69G5FAV' }],
    ['SmartForward', 'another CollectionId', { CollectionId: 'drafts', ItemId: 'drafts:01ARZ3NDEKTSV4RRFFQ69G5FAV' }],
  ] as const)('%s of %s is of another message: there is none', async (command, _what, change) => {
    const { friend, phone, source } = await withQuestion(query);
    const given = { mime: mime(friend.address, 'x'), source: { ...source, ...change } };
    expect((await phone.client.compose(command, given)).status).toBe(500);
  });

  it.each([
    ['SmartReply', '[MS-ASHTTP R530 R525 R88]'],
    ['SmartForward', '[MS-ASHTTP R120 R524 R532]'],
  ] as const)('%s keeps a copy with SaveInSent alone %s', async (command, _ids) => {
    const { friend, phone, source } = await withQuestion(query);
    const send = (subject: string, save?: boolean) =>
      phone.client.compose(command, { mime: mime(friend.address, subject), source, save });
    await send('Not kept', false);
    await send('Nothing said');
    await send('Kept', true);
    expect(await copies(phone)).toEqual(['Kept']);
  });

  it.each([
    ['SmartReply', '[MS-ASHTTP R528 R512]'],
    ['SmartForward', '[MS-ASHTTP R118 R512]'],
  ] as const)('%s finds its source by the LongId that Search gave %s', async (command, _ids) => {
    const { friend, phone } = await withQuestion(query);
    const found = await phone.client.command(
      'Search',
      SearchRequest,
      {
        Store: {
          Name: 'Mailbox',
          Query: el('Search', 'Query', [el('Search', 'And', [el('Search', 'FreeText', 'Zebra')])]),
        },
      },
      SearchResponse,
    );
    const LongId = found.document?.Response?.Store?.Result?.[0]?.LongId;
    expect(LongId).toEqual(expect.any(String));
    const source = { LongId: LongId! };
    expect((await phone.client.compose(command, { mime: mime(friend.address, 'Found'), source })).status).toBe(200);
    expect(await arrived(friend)).toMatchObject({ Subject: 'Found' });
    const unknown = { LongId: 'nothing' };
    expect((await phone.client.compose(command, { mime: mime(friend.address, 'x'), source: unknown })).status).toBe(
      500,
    );
  });

  it('GetAttachment gives the file of that name and has no document [MS-ASHTTP R487 R230 R490]', async () => {
    const { phone } = await withQuestion(query);
    const [mail] = phone.inbox.items.values();
    const file = (mail as { Attachments?: { Attachment?: readonly { FileReference?: string }[] } }).Attachments
      ?.Attachment?.[0]?.FileReference;
    const get = (AttachmentName: string) =>
      phone.client.raw('GetAttachment', undefined, {}, undefined, { AttachmentName });
    const answer = await get(file!);
    expect(answer.headers['content-type']).toBe('application/pdf');
    expect(answer.body.equals(PDF)).toBe(true);
    expect((await get('another')).status).not.toBe(200);
  });
});

it('a document is in UTF-8, whatever is in it [MS-ASHTTP R169]', async () => {
  const person = await shared.person();
  await person.deliver('From: a@b.test\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe_=E2=98=83?=\r\n\r\nx\r\n');
  const phone = await ready(person);
  expect(subjects(phone.inbox)).toEqual(['Grüße ☃']);
  const again = person.phone({ deviceId: 'BYTES' });
  await again.start();
  await again.sync(again.inbox);
  const { body } = await again.client.sync({
    Collections: { Collection: [{ SyncKey: again.inbox.syncKey, CollectionId: again.inbox.id }] },
  });
  expect(body.includes(Buffer.from('Grüße ☃', 'utf8'))).toBe(true);
});
