/** What clients do to mail: Change, Delete, Fetch, Add. */
import { describe, expect, test } from 'vitest';
import type { WbxmlElement } from '../../../lib/wbxml/index.ts';
import { email, INBOX, TRASH } from '../../support/mailboxes.ts';
import { add, change, fetchOf, remove, shownOf, TestPhone, writable } from '../../support/sync-phone.ts';
import { deliver, elsewhere, itemOf, openSyncWorld, type SyncWorld } from '../../support/sync-world.ts';

const contentOf = async (world: SyncWorld, id: string) =>
  (await world.mailbox.items(INBOX, [itemOf(id)])).get(itemOf(id))?.content;

async function withMail(count = 1, options: Parameters<typeof openSyncWorld>[0] = {}) {
  const world = await openSyncWorld(options);
  const ids = await deliver(world, count);
  const phone = new TestPhone(world);
  await phone.start();
  return { world, phone, ids, id: ids[0]! };
}

describe('a Change', () => {
  test('[MS-ASCMD R5825 R873 R5826 R3835] of read state, flag or categories leaves the others as they are', async () => {
    const { world, phone, id } = await withMail();
    await phone.sync({ Commands: [change(id, { Categories: { Category: ['Blue'] } })] });
    await phone.sync({ Commands: [change(id, { Flag: { Status: 2, FlagType: 'Follow up' } })] });
    const answer = await phone.sync({ Commands: [change(id, { Read: true })] });
    expect(answer).toMatchObject({ Status: 1 });
    expect(answer?.Responses).toBeUndefined();
    const content = await contentOf(world, id);
    expect(content).toMatchObject({ read: true, categories: ['Blue'], flag: { status: 2 } });
  });

  test('[MS-ASCMD R5256 R4419] of an item that is not there is status 8', async () => {
    const { world, phone, id } = await withMail();
    await world.mailbox.remove(INBOX, [itemOf(id)]);
    const answer = await phone.sync({ Commands: [change(id, { Read: true })] });
    expect(answer?.Responses).toEqual([{ tag: 'Change', value: { ServerId: id, Status: 8 } }]);
  });

  test.each(['', 'nonsense', 'inbox', 'trash:01KF0RDQG0HD9P77RN5J7WDVSG', 'inbox:x', `inbox:${'0'.repeat(80)}`])(
    'of the ServerId %j is status 8',
    async (ServerId) => {
      const { phone } = await withMail();
      const answer = await phone.sync({ Commands: [change(ServerId, { Read: true })] });
      expect(answer?.Responses).toEqual([{ tag: 'Change', value: { ServerId, Status: 8 } }]);
    },
  );

  test('[MS-ASCMD R4440] of what a client may not change is status 6 and changes nothing', async () => {
    const { world, phone, id } = await withMail();
    const before = await contentOf(world, id);
    const answer = await phone.sync({ Commands: [change(id, { Read: true, ConversationId: new Uint8Array(16) })] });
    expect(answer?.Responses).toMatchObject([{ tag: 'Change', value: { Status: 6 } }]);
    expect(await contentOf(world, id)).toEqual(before);
  });

  test('without data is status 6', async () => {
    const { phone, id } = await withMail();
    const answer = await phone.sync({ Commands: [{ tag: 'Change', value: { ServerId: id } }] });
    expect(answer?.Responses).toMatchObject([{ tag: 'Change', value: { Status: 6 } }]);
  });

  test('that changes nothing is no news to anybody', async () => {
    const { world, phone, id } = await withMail();
    const other = new TestPhone(world, 'other');
    await other.start();
    expect(await phone.sync({ Commands: [change(id, { Read: false })] })).toMatchObject({ Status: 1 });
    expect(await other.send()).toBe('empty');
  });

  test('twice in one request has the last word', async () => {
    const { world, phone, id } = await withMail();
    await phone.sync({ Commands: [change(id, { Read: true }), change(id, { Read: false })] });
    expect((await contentOf(world, id))?.read).toBe(false);
    expect(await phone.send()).toBe('empty');
  });
});

describe('a conflict', () => {
  const red = { Categories: { Category: ['Red'] } };

  test('[MS-ASCMD R2066 R2069 R4444] by default keeps the server, says status 7 and sends what it has', async () => {
    const { world, phone, id } = await withMail();
    await elsewhere(world, id, { categories: ['Blue'] });
    const answer = await phone.sync({ Commands: [change(id, red)] });
    expect(answer?.Responses).toEqual([{ tag: 'Change', value: { ServerId: id, Status: 7 } }]);
    expect(phone.items.get(id)?.Categories).toEqual({ Category: ['Blue'] });
  });

  test('[MS-ASCMD R2068] with Conflict 1 keeps the server', async () => {
    const { world, phone, id } = await withMail();
    await elsewhere(world, id, { categories: ['Blue'] });
    await phone.sync({ Options: [{ Conflict: 1 }], Commands: [change(id, red)] });
    expect((await contentOf(world, id))?.categories).toEqual(['Blue']);
  });

  test('[MS-ASCMD R2067] with Conflict 0 keeps the client', async () => {
    const { world, phone, id } = await withMail();
    await elsewhere(world, id, { categories: ['Blue'] });
    const answer = await phone.sync({ Options: [{ Conflict: 0 }], Commands: [change(id, red)] });
    expect(answer?.Responses).toBeUndefined();
    expect((await contentOf(world, id))?.categories).toEqual(['Red']);
  });

  test('is none where each changed something else', async () => {
    const { world, phone, id } = await withMail();
    await elsewhere(world, id, { read: true });
    expect((await phone.sync({ Commands: [change(id, red)] }))?.Responses).toBeUndefined();
    expect(await contentOf(world, id)).toMatchObject({ read: true, categories: ['Red'] });
    expect(phone.items.get(id)?.Read).toBe(true);
  });

  test('is none where both did the same', async () => {
    const { world, phone, id } = await withMail();
    await elsewhere(world, id, { read: true });
    expect((await phone.sync({ Commands: [change(id, { Read: true })] }))?.Responses).toBeUndefined();
    await elsewhere(world, id, { subject: 'New' });
    expect((await phone.sync({ Commands: [change(id, { Read: true })] }))?.Responses).toBeUndefined();
  });

  test('is none with what the phone knows already, nor with what it did itself', async () => {
    const { world, phone, id } = await withMail();
    await elsewhere(world, id, { categories: ['Blue'] });
    await phone.sync();
    await phone.send({ Commands: [change(id, red)] });
    const again = await phone.sync({ Commands: [change(id, { Categories: { Category: ['Green'] } })] });
    expect(again?.Responses).toBeUndefined();
    expect((await contentOf(world, id))?.categories).toEqual(['Green']);
  });

  test('[MS-ASCMD R2076] of a deletion with a change lets the deletion win', async () => {
    const { world, phone, id } = await withMail();
    await elsewhere(world, id, { subject: 'New' });
    const answer = await phone.sync({ Commands: [remove(id)] });
    expect(answer?.Responses).toBeUndefined();
    expect(answer?.Commands).toBeUndefined();
    expect(await contentOf(world, id)).toBeUndefined();
  });
});

describe('a Delete', () => {
  test.each([undefined, true])(
    '[MS-ASCMD R2160 R5875] with DeletesAsMoves %s moves to the Deleted Items',
    async (asMoves) => {
      const { world, phone, id } = await withMail();
      await phone.sync({ DeletesAsMoves: asMoves, Commands: [remove(id)] });
      expect(await world.mailbox.page(INBOX, { limit: 9 })).toHaveLength(0);
      expect(await world.mailbox.page(TRASH, { limit: 9 })).toHaveLength(1);
    },
  );

  test('[MS-ASCMD R2158] with DeletesAsMoves false is for good', async () => {
    const { world, phone, id } = await withMail();
    await phone.sync({ DeletesAsMoves: false, Commands: [remove(id)] });
    expect(await world.mailbox.page(INBOX, { limit: 9 })).toHaveLength(0);
    expect(await world.mailbox.page(TRASH, { limit: 9 })).toHaveLength(0);
  });

  test('in the Deleted Items is for good', async () => {
    const world = await openSyncWorld();
    await world.mailbox.append(TRASH, [email('old')]);
    const phone = new TestPhone(world, 'phone1', TRASH);
    await phone.start();
    await phone.sync({ Commands: [remove([...phone.items.keys()][0]!)] });
    expect(await world.mailbox.page(TRASH, { limit: 9 })).toHaveLength(0);
  });

  test('is an addition to the same phone in the Deleted Items', async () => {
    const { world, phone, id } = await withMail();
    const trash = new TestPhone(world, 'phone1', TRASH);
    await trash.start();
    await phone.sync({ Commands: [remove(id)] });
    await trash.sync();
    expect(trash.items.size).toBe(1);
  });

  test('of an item that is not there is status 8', async () => {
    const { phone } = await withMail();
    const ServerId = 'inbox:01KF0RDQG0HD9P77RN5J7WDVSG';
    for (const DeletesAsMoves of [true, false]) {
      const answer = await phone.sync({ DeletesAsMoves, Commands: [remove(ServerId)] });
      expect(answer?.Responses).toEqual([{ tag: 'Delete', value: { ServerId, Status: 8 } }]);
    }
  });
});

describe('a Fetch', () => {
  test('[MS-ASCMD R5433] gives the whole item', async () => {
    const { phone, id } = await withMail();
    const answer = await phone.sync({ Commands: [fetchOf(id)] });
    const [response] = answer!.Responses!;
    expect(response).toMatchObject({ tag: 'Fetch', value: { ServerId: id, Status: 1 } });
    const data = (response!.value as { ApplicationData: WbxmlElement }).ApplicationData;
    expect(shownOf(data, 141)).toMatchObject({ Body: { Data: 'Hello' } });
  });

  test('of what is not there is status 8', async () => {
    const { world, phone, id } = await withMail();
    await world.mailbox.remove(INBOX, [itemOf(id)]);
    const answer = await phone.sync({ Commands: [fetchOf(id), fetchOf('x')] });
    expect(answer?.Responses).toEqual([
      { tag: 'Fetch', value: { ServerId: id, Status: 8 } },
      { tag: 'Fetch', value: { ServerId: 'x', Status: 8 } },
    ]);
  });

  test('of what cannot be rendered is status 6', async () => {
    const broken = { render: () => Promise.reject(new Error('bad part')) };
    const world = await openSyncWorld({ email: (base) => ({ ...base, ...broken }) });
    const [id] = await deliver(world, 1);
    const phone = new TestPhone(world);
    await phone.start();
    const answer = await phone.sync({ Commands: [fetchOf(id!)] });
    expect(answer?.Responses).toEqual([{ tag: 'Fetch', value: { ServerId: id, Status: 6 } }]);
  });
});

describe('an Add', () => {
  test('[MS-ASCMD R755] of mail is status 6', async () => {
    const { phone } = await withMail();
    const answer = await phone.sync({ Commands: [add('c1', { Subject: 'Mail' })] });
    expect(answer?.Responses).toEqual([{ tag: 'Add', value: { ClientId: 'c1', Status: 6 } }]);
  });

  test('[MS-ASCMD R748 R957 R5255] of what the class takes is answered with ClientId and ServerId, and not sent back', async () => {
    const { world, phone } = await withMail(0, { email: writable });
    const answer = await phone.sync({ Commands: [add('c1', { Subject: 'Draft' }), add('c2', { Subject: 'Other' })] });
    const ids = (await world.mailbox.page(INBOX, { limit: 9 })).map(({ id }) => `${INBOX}:${id}`).sort();
    const told = answer!.Responses!.map(({ value }) => value as { ClientId: string; ServerId: string; Status: number });
    expect(told.map(({ ClientId, Status }) => [ClientId, Status])).toEqual([
      ['c1', 1],
      ['c2', 1],
    ]);
    expect(told.map(({ ServerId }) => ServerId).sort()).toEqual(ids);
    expect(answer?.Commands).toBeUndefined();
    expect(await phone.send()).toBe('empty');
  });

  test('during the first pages is neither sent back nor forgotten', async () => {
    const world = await openSyncWorld({ email: writable });
    await deliver(world, 4);
    const phone = new TestPhone(world);
    await phone.sync();
    const answer = await phone.sync({ WindowSize: 1, Commands: [add('c1', { Subject: 'Draft' })] });
    const { ServerId } = answer!.Responses![0]!.value as { ServerId: string };
    phone.items.set(ServerId, { Subject: 'Draft', Read: true });
    await elsewhere(world, ServerId, { subject: 'Edited' });
    await phone.drain({ WindowSize: 1 });
    expect(phone.complaints).toEqual([]);
    expect(phone.items.size).toBe(5);
    expect(phone.items.get(ServerId)?.Subject).toBe('Edited');
  });
});

describe('the order of an answer', () => {
  test('follows the order of the commands', async () => {
    const { phone, id } = await withMail(1, { email: writable });
    const Commands = [fetchOf(id), add('c1', { Subject: 'x' }), remove('y'), change('z', { Read: true })];
    const answer = await phone.sync({ Commands });
    expect(answer?.Responses?.map(({ tag }) => tag)).toEqual(['Fetch', 'Add', 'Delete', 'Change']);
  });
});
