/** One collection of a request asks for what cannot be: it is told so, and the others are served. */
import { describe, expect, test } from 'vitest';
import type { SyncRequest, SyncResponse } from '../../../lib/documents/sync.ts';
import { INBOX, TRASH } from '../../support/mailboxes.ts';
import { change, remove, TestPhone } from '../../support/sync-phone.ts';
import { deliver, openSyncWorld } from '../../support/sync-world.ts';

type Collection = NonNullable<SyncRequest['Collections']>['Collection'][number];

const WRONG: readonly [string, Partial<Collection>, number][] = [
  ['a FilterType that mail does not have', { Options: [{ FilterType: 6 }] }, 4],
  ['one that is for tasks', { Options: [{ FilterType: 8 }] }, 4],
  ['a Conflict of 2', { Options: [{ Conflict: 2 }] }, 4],
  ['a MIMETruncation of 9', { Options: [{ MIMETruncation: 9 }] }, 4],
  ['two preferences for one type of body', { Options: [{ BodyPreference: [{ Type: 1 }, { Type: 1 }] }] }, 4],
  ['another class', { Class: 'Contacts' }, 4],
  ['changes with key 0', { SyncKey: '0', GetChanges: true }, 4],
  ['commands with key 0', { SyncKey: '0', Commands: [remove('x')] }, 4],
  ['a message part as plain text', { Options: [{ BodyPartPreference: { Type: 1 } }] }, 164],
];

/** A phone with an Inbox and a second folder of which something will be wrong. */
async function twoFolders() {
  const world = await openSyncWorld();
  const phone = new TestPhone(world);
  const other = new TestPhone(world, phone.device, TRASH);
  await world.makeDevice(phone.device);
  await phone.start();
  await other.start();
  const ask = (wrong: Partial<Collection>, rest: Partial<SyncRequest> = {}) =>
    phone.raw({
      Collections: {
        Collection: [
          { SyncKey: other.key, CollectionId: TRASH, ...wrong },
          { SyncKey: phone.key, CollectionId: INBOX },
        ],
      },
      ...rest,
    });
  const of = (sent: unknown, id: string) =>
    (sent as SyncResponse).Collections?.Collection.find(({ CollectionId }) => CollectionId === id);
  return { world, phone, other, ask, of };
}

describe('a folder with', () => {
  test.each(WRONG)('%s is told so, and the Inbox beside it gets its mail', async (_, wrong, Status) => {
    const { world, phone, other, ask, of } = await twoFolders();
    // `Class` of a collection ended with 12.1, parts of messages began with 14.1.
    const version = wrong.Class ? 121 : 141;
    phone.context = { version };
    const [id] = await deliver(world, 1);
    const sent = await ask(wrong);
    expect(sent).not.toHaveProperty('Status');
    const Class = version === 121 ? 'Email' : undefined;
    expect(of(sent, TRASH)).toEqual({ Class, SyncKey: wrong.SyncKey ?? other.key, CollectionId: TRASH, Status });
    phone.take(sent);
    expect(phone.items.has(id!)).toBe(true);
  });
});

describe('a collection that is refused', () => {
  const wrong = { Options: [{ FilterType: 7 }] };

  test('has nothing done to it, and goes on with its key', async () => {
    const { world, phone, ask } = await twoFolders();
    const [id] = await deliver(world, 1);
    await phone.sync();
    const { key } = phone;
    const Commands = [change(id!, { Read: true })];
    const bad = { SyncKey: key, CollectionId: INBOX, Commands, ...wrong };
    const trash = { SyncKey: '0', CollectionId: TRASH };
    const sent = (await phone.raw({ Collections: { Collection: [bad, trash] } })) as SyncResponse;
    expect(sent.Collections?.Collection.map(({ Status }) => Status)).toEqual([4, 1]);
    const right = await phone.sync({ Commands });
    expect(right).toMatchObject({ Status: 1 });
    expect(right?.SyncKey).not.toBe(key);
    // The options of before hold: nothing is filtered.
    const [old] = await deliver(world, 1, { received: 1000 });
    await phone.sync();
    expect(phone.items.has(old!)).toBe(true);
    expect(await ask({ SyncKey: '0' })).toMatchObject({ Collections: { Collection: [{ Status: 1 }] } });
  });

  test('is answered at once by a request that would wait, alone where the others are quiet', async () => {
    const { other, ask } = await twoFolders();
    expect(await ask(wrong, { Wait: 5 })).toEqual({
      Collections: { Collection: [{ SyncKey: other.key, CollectionId: TRASH, Status: 4 }] },
    });
    expect(await ask({}, { Wait: 5 })).toMatchObject({ kind: 'sync' });
  });

  test('is not repeated by an empty request, which waits for the others', async () => {
    const { world, phone, ask } = await twoFolders();
    await ask(wrong, { Wait: 5 });
    expect(await phone.raw(undefined)).toMatchObject({ kind: 'sync', folders: [INBOX] });
    const [id] = await deliver(world, 1);
    phone.take(await phone.raw(undefined));
    expect(phone.items.has(id!)).toBe(true);
  });

  test('comes back into what is repeated by a partial request that has it right', async () => {
    const { phone, other, ask } = await twoFolders();
    await ask(wrong, { Wait: 5 });
    const Collection = [{ SyncKey: other.key, CollectionId: TRASH }];
    expect(await phone.raw({ Partial: true, Collections: { Collection } })).toMatchObject({ folders: [INBOX, TRASH] });
  });

  test('gives the same answer again where that was lost, and the mail beside it once', async () => {
    const { world, phone, ask } = await twoFolders();
    await deliver(world, 2);
    const lost = await ask(wrong);
    expect(await ask(wrong)).toEqual(lost);
    phone.take(lost);
    expect(phone.complaints).toEqual([]);
    await phone.drain();
    expect(phone.items.size).toBe(2);
  });

  test('is told even when the window of the request is full', async () => {
    const { world, phone, other, of } = await twoFolders();
    await deliver(world, 3);
    const inbox = { SyncKey: phone.key, CollectionId: INBOX };
    const trash = { SyncKey: other.key, CollectionId: TRASH, ...wrong };
    const sent = await phone.raw({ Collections: { Collection: [inbox, trash] }, WindowSize: 1 });
    expect(of(sent, INBOX)).toMatchObject({ Status: 1, MoreAvailable: true });
    expect(of(sent, TRASH)).toMatchObject({ Status: 4 });
  });

  test('fails the request where it is alone, or none beside it is right', async () => {
    const { phone, ask } = await twoFolders();
    expect(await phone.send(wrong)).toEqual({ Status: 4 });
    expect(await ask({ SyncKey: '0', GetChanges: true }, {})).not.toHaveProperty('Status');
    const Collection = [
      { SyncKey: phone.key, CollectionId: INBOX, ...wrong },
      { SyncKey: '0', CollectionId: TRASH, GetChanges: true },
    ];
    expect(await phone.raw({ Collections: { Collection } })).toEqual({ Status: 4 });
  });
});
