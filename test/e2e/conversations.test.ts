import { describe, expect, it } from 'vitest';
import type { Email } from '../../lib/documents/items/email.ts';
import { MoveItemsRequest, MoveItemsResponse } from '../../lib/documents/move-items.ts';
import { SearchRequest, SearchResponse } from '../../lib/documents/search.ts';
import type { Phone } from '../support/client/phone.ts';
import { dataOf } from '../support/sync-phone.ts';
import { el, type Person, ready, sharedServer, subjects } from './shared.ts';

const shared = sharedServer();
const TRASH = 4;
const SENT = 5;
const FLAG = {
  Status: 2,
  FlagType: 'Flag for follow up',
  Subject: 'Do it',
} as const;

async function mail(person: Person, name: string, answers?: string): Promise<void> {
  await person.deliver(
    [
      'From: Ada <ada@sender.test>',
      `To: ${person.address}`,
      `Subject: ${name}`,
      `Message-ID: <${name}.${person.address}>`,
      ...(answers ? [`In-Reply-To: <${answers}.${person.address}>`] : []),
      '',
      `Words of ${name}`,
    ].join('\r\n'),
  );
}

/** Three messages of one conversation and one of another, as a phone shows them. */
async function conversation() {
  const person = await shared.person();
  await mail(person, 'first');
  await mail(person, 'second', 'first');
  await mail(person, 'third', 'first');
  await mail(person, 'alone');
  const phone = await ready(person, { version: 161 });
  const other = await ready(person, { version: 161, deviceId: 'SECOND01' });
  const items = [...phone.inbox.items];
  const id = items.find(([, { Subject }]) => Subject === 'first')![1].ConversationId!;
  const members = items
    .filter(([, one]) => Buffer.from(one.ConversationId!).equals(Buffer.from(id)))
    .map(([serverId, { Subject }]) => ({ serverId, Subject: Subject! }));
  /** The same Change of each, in one Sync; gives its status. */
  const changeAll = async (email: Partial<Email>, which = members) => {
    const Commands = which.map(({ serverId: ServerId }) => ({
      tag: 'Change' as const,
      value: { ServerId, ApplicationData: dataOf(email, 161) },
    }));
    return (await phone.sync(phone.inbox, { Commands })).status;
  };
  const seen = async () => {
    await other.drain(other.inbox);
    return new Map([...other.inbox.items.values()].map((one) => [one.Subject!, one]));
  };
  return { person, phone, other, id, members, changeAll, seen };
}

describe('a conversation', () => {
  it('is marked as read, and as unread [MS-ASCON R326 R337 R203 R284 R204]', async () => {
    const { changeAll, seen, members } = await conversation();
    expect(members.map(({ Subject }) => Subject).sort()).toEqual(['first', 'second', 'third']);
    for (const Read of [true, false]) {
      expect(await changeAll({ Read })).toBe(1);
      const shown = await seen();
      expect(members.map(({ Subject }) => shown.get(Subject)!.Read)).toEqual([Read, Read, Read]);
      expect(shown.get('alone')!.Read).toBe(false);
    }
  });

  it('is flagged by its newest message, completed and cleared by all [MS-ASCON R324 R325 R162 R206 R207 R208 R209]', async () => {
    const { changeAll, seen, members } = await conversation();
    const newest = members.filter(({ Subject }) => Subject === 'third');
    expect(await changeAll({ Flag: FLAG }, newest)).toBe(1);
    const flags = async () => {
      const shown = await seen();
      return ['first', 'second', 'third'].map((name) => shown.get(name)!.Flag?.Status);
    };
    expect(await flags()).toEqual([undefined, undefined, 2]);
    const at = Date.UTC(2026, 0, 15);
    expect(await changeAll({ Flag: { Status: 1, CompleteTime: at, DateCompleted: at } }, newest)).toBe(1);
    expect(await flags()).toEqual([undefined, undefined, 1]);
    expect(await changeAll({ Flag: {} })).toBe(1);
    expect(await flags()).toEqual([undefined, undefined, undefined]);
  });

  it('is deleted into Deleted Items; what comes later is not [MS-ASCON R157 R158 R199 R200 R201]', async () => {
    const { person, phone, other, members } = await conversation();
    const Commands = members.map(({ serverId: ServerId }) => ({ tag: 'Delete' as const, value: { ServerId } }));
    expect((await phone.sync(phone.inbox, { DeletesAsMoves: true, Commands })).status).toBe(1);
    await mail(person, 'fourth', 'first');
    await other.drain(other.inbox);
    expect(subjects(other.inbox).sort()).toEqual(['alone', 'fourth']);
    await other.drain(other.folder(TRASH));
    expect(subjects(other.folder(TRASH)).sort()).toEqual(['first', 'second', 'third']);
  });

  it('is moved by its messages [MS-ASCON R170 R217 R218]', async () => {
    const { phone, other, members } = await conversation();
    const trash = phone.folder(TRASH).id;
    const Move = members.map(({ serverId }) => ({ SrcMsgId: serverId, SrcFldId: phone.inbox.id, DstFldId: [trash] }));
    const { document } = await phone.client.command('MoveItems', MoveItemsRequest, { Move }, MoveItemsResponse);
    expect(document!.Response!.map(({ Status }) => Status)).toEqual([3, 3, 3]);
    await other.drain(other.inbox);
    expect(subjects(other.inbox)).toEqual(['alone']);
  });

  it('is found across all folders [MS-ASCON R176 R220 R221] [MS-ASEMAIL R57 R66]', async () => {
    const { phone, id, members } = await conversation();
    const { serverId } = members[0]!;
    await phone.sync(phone.inbox, { Commands: [{ tag: 'Delete', value: { ServerId: serverId } }] });
    const Query = el('Search', 'Query', [el('Search', 'And', [el('Search', 'ConversationId', id)])]);
    const value: SearchRequest = { Store: { Name: 'Mailbox', Query } };
    const { document } = await phone.client.command('Search', SearchRequest, value, SearchResponse);
    const found = document!.Response!.Store.Result!.map(({ CollectionId }) => CollectionId);
    expect(found.sort()).toEqual([phone.inbox.id, phone.inbox.id, phone.folder(TRASH).id].sort());
  });
});

describe('the part of a message', () => {
  it('comes by Sync where it is asked for [MS-ASCON R38 R234]', async () => {
    const person = await shared.person();
    await mail(person, 'first');
    const phone = person.phone({ version: 161 });
    phone.collectionOptions = { Options: [{ BodyPartPreference: { Type: 2 } }] };
    await phone.start();
    await phone.drain(phone.inbox);
    const [shown] = [...phone.inbox.items.values()];
    expect(shown!.BodyPart).toMatchObject({ Status: 1, Type: 2, Data: expect.stringContaining('Words of first') });
  });

  it('does not come by Search where it is not [MS-ASCON R339]', async () => {
    const { phone, id } = await conversation();
    const Query = el('Search', 'Query', [el('Search', 'And', [el('Search', 'ConversationId', id)])]);
    const value: SearchRequest = { Store: { Name: 'Mailbox', Query } };
    const { document } = await phone.client.command('Search', SearchRequest, value, SearchResponse);
    expect(JSON.stringify(document)).not.toContain('BodyPart');
  });
});

describe('the index of a conversation', () => {
  const written = (to: string, subject: string) =>
    Buffer.from(`To: ${to}\r\nSubject: ${subject}\r\nContent-Type: text/plain\r\n\r\nHello\r\n`);

  async function only(phone: Phone, subject: string) {
    await phone.drain(phone.inbox);
    const found = [...phone.inbox.items].find(([, { Subject }]) => Subject === subject);
    if (!found) throw new Error(`${subject} has not come`);
    const [ItemId, { ConversationIndex, ConversationId }] = found;
    return { ItemId, index: Buffer.from(ConversationIndex!), id: Buffer.from(ConversationId!) };
  }

  it(
    'begins with the time of the first message and grows by a level with each answer and forward ' +
      '[MS-ASCON R86 R88 R259 R91 R305 R306 R92 R307 R192 R194] [MS-ASEMAIL R351 R352 R1054]',
    async () => {
      const [ann, bob] = [await shared.person('ann'), await shared.person('bob')];
      const [hers, his] = [await ready(ann, { version: 161 }), await ready(bob, { version: 161 })];
      const before = Date.now();
      await hers.client.compose('SendMail', { mime: written(bob.address, 'Plan'), save: true, ClientId: 'a' });
      const first = await only(his, 'Plan');
      expect(first.index).toHaveLength(5);
      // Bits 16 to 55 of a FILETIME, after the byte that all times of our days share.
      const ticks = (BigInt(`0x01${first.index.toString('hex')}`) << 16n) / 10_000n;
      expect(Math.abs(Number(ticks - 11_644_473_600_000n) - before)).toBeLessThan(60_000);

      const reply = { mime: written(ann.address, 'Re: Plan'), save: true, ClientId: 'b' };
      await his.client.compose('SmartReply', {
        ...reply,
        source: { CollectionId: his.inbox.id, ItemId: first.ItemId },
      });
      const second = await only(hers, 'Re: Plan');
      expect(second.index.subarray(0, 5)).toEqual(first.index);
      expect(second.index).toHaveLength(10);
      expect(second.id).toEqual(first.id);

      const forward = { mime: written(bob.address, 'Fw: Plan'), save: true, ClientId: 'c' };
      await hers.client.compose('SmartForward', {
        ...forward,
        source: { CollectionId: hers.inbox.id, ItemId: second.ItemId },
      });
      const third = await only(his, 'Fw: Plan');
      expect(third.index.subarray(0, 10)).toEqual(second.index);
      expect(third.index).toHaveLength(15);
      expect(third.id).toEqual(first.id);
      await hers.drain(hers.folder(SENT));
      const copies = [...hers.folder(SENT).items.values()].map(({ ConversationId }) => Buffer.from(ConversationId!));
      expect(copies).toEqual([first.id, first.id]);
    },
  );
});
