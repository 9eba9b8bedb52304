import { describe, expect, it } from 'vitest';
import { GetItemEstimateRequest, GetItemEstimateResponse } from '../../lib/documents/get-item-estimate.ts';
import { MoveItemsRequest, MoveItemsResponse } from '../../lib/documents/move-items.ts';
import type { Phone } from '../support/client/phone.ts';
import { type Person, sharedServer, subjects } from './shared.ts';

const shared = sharedServer();
const DAY = 86_400_000;
const THREE_DAYS = 2;

/** A mail of so many days ago, by an import: what arrives is never older than an hour. */
async function mail(person: Person, name: string, days: number, answers?: string): Promise<void> {
  const raw = [
    'From: Ada <ada@sender.test>',
    `To: ${person.address}`,
    `Subject: ${name}`,
    `Date: ${new Date(Date.now() - days * DAY).toUTCString()}`,
    `Message-ID: <${name}.${person.address}>`,
    ...(answers ? [`References: <${answers}.${person.address}>`] : []),
    'Content-Type: text/html',
    '',
    `<p>Words of ${name}</p>`,
  ].join('\r\n');
  const envelope = { from: 'ada@sender.test', arrival: 'dated' } as const;
  await shared.running.domain.delivery.deliver(person.address, Buffer.from(raw), envelope);
}

/** A thread that began long ago and goes on, one that is over, and a mail of today. */
async function mailbox(): Promise<Person> {
  const person = await shared.person();
  await mail(person, 'old-root', 30);
  await mail(person, 'old-middle', 20, 'old-root');
  await mail(person, 'new-reply', 1, 'old-root');
  await mail(person, 'done-root', 40);
  await mail(person, 'done-reply', 39, 'done-root');
  await mail(person, 'today', 0);
  return person;
}

async function phoneOf(person: Person, ConversationMode: boolean | undefined, more: object = {}): Promise<Phone> {
  const phone = person.phone({ version: 141, deviceId: `P${Math.random().toString(36).slice(2, 10)}` });
  phone.collectionOptions = {
    ...(ConversationMode === undefined ? {} : { ConversationMode }),
    Options: [{ FilterType: THREE_DAYS, BodyPreference: [{ Type: 1, Preview: 20 }], ...more }],
  };
  await phone.start();
  await phone.drain(phone.inbox);
  return phone;
}
const shownTo = (phone: Phone) => subjects(phone.inbox).sort();
const WHOLE = ['new-reply', 'old-middle', 'old-root', 'today'];

describe('ConversationMode', () => {
  it('brings whole conversations of which a message is within the filter [MS-ASCMD R2107] [MS-ASCON R180]', async () => {
    const person = await mailbox();
    expect(shownTo(await phoneOf(person, true))).toEqual(WHOLE);
    expect(shownTo(await phoneOf(person, false))).toEqual(['new-reply', 'today']);
    expect(shownTo(await phoneOf(person, undefined))).toEqual(['new-reply', 'today']);
  });

  it('brings no bodies of what lies outside of the filter, but previews', async () => {
    const phone = await phoneOf(await mailbox(), true);
    const bodies = new Map([...phone.inbox.items.values()].map(({ Subject, Body }) => [Subject, Body]));
    expect(bodies.get('old-root')).toMatchObject({ Type: 1, Preview: 'Words of old-root' });
    expect(bodies.get('old-root')!.Data).toBeUndefined();
    expect(bodies.get('new-reply')!.Data).toContain('Words of new-reply');
  });

  it('brings the part of such a message where parts are asked for', async () => {
    const phone = await phoneOf(await mailbox(), true, { BodyPartPreference: { Type: 2 } });
    const parts = new Map([...phone.inbox.items.values()].map(({ Subject, BodyPart }) => [Subject, BodyPart]));
    expect(parts.get('old-root')!.Data).toContain('Words of old-root');
  });

  it('brings the beginning of a conversation once an answer comes', async () => {
    const person = await mailbox();
    const phone = await phoneOf(person, true);
    await mail(person, 'done-again', 0, 'done-root');
    await phone.drain(phone.inbox);
    expect(shownTo(phone)).toEqual([...WHOLE, 'done-again', 'done-reply', 'done-root'].sort());
    expect((await phone.drain(phone.inbox)).added).toEqual([]);
  });

  it('takes it away when it is switched off, and keeps to its folder', async () => {
    const person = await mailbox();
    const phone = await phoneOf(person, true);
    const [id] = [...phone.inbox.items].find(([, { Subject }]) => Subject === 'old-middle')!;
    const trash = phone.folder(4).id;
    const Move = [{ SrcMsgId: id, SrcFldId: phone.inbox.id, DstFldId: [trash] }];
    await phone.client.command('MoveItems', MoveItemsRequest, { Move }, MoveItemsResponse);
    await phone.drain(phone.inbox);
    phone.collectionOptions = { ...phone.collectionOptions, ConversationMode: false };
    await phone.drain(phone.inbox);
    expect(shownTo(phone).filter((name) => name !== 'old-middle')).toEqual(['new-reply', 'today']);
    expect(shownTo(await phoneOf(person, true))).toEqual(['new-reply', 'old-root', 'today']);
  });

  it('widens estimates as well [MS-ASCON R332 R211]', async () => {
    const phone = (await mailbox()).phone({ version: 141 });
    await phone.start();
    await phone.sync(phone.inbox);
    const estimate = async (ConversationMode?: boolean) => {
      const Options = [{ Class: 'Email', FilterType: THREE_DAYS }];
      const one = { SyncKey: phone.inbox.syncKey, CollectionId: phone.inbox.id, ConversationMode, Options };
      const value = { Collections: { Collection: [one] } };
      const { document } = await phone.client.command(
        'GetItemEstimate',
        GetItemEstimateRequest,
        value,
        GetItemEstimateResponse,
      );
      return document!.Response![0]!.Collection!.Estimate;
    };
    expect([await estimate(true), await estimate(false), await estimate()]).toEqual([4, 2, 2]);
  });
});
