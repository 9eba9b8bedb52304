import { describe, expect, test } from 'vitest';
import type { CommandContext } from '../../../lib/protocol/command.ts';
import type { WbxmlElement } from '../../../lib/wbxml/index.ts';
import { INBOX } from '../../support/mailboxes.ts';
import { change, TestPhone } from '../../support/sync-phone.ts';
import { deliver, elsewhere, openSyncWorld } from '../../support/sync-world.ts';
import { failureOf } from './phone.ts';

async function phoneOf(context: Partial<CommandContext>, mails = 1) {
  const world = await openSyncWorld();
  const ids = await deliver(world, mails);
  const phone = new TestPhone(world);
  phone.context = context;
  await phone.sync();
  await phone.sync();
  return { world, phone, ids };
}

describe.each([25, 120] as const)('a Sync of version %i', (version) => {
  test('that has nothing to say says so with the same key, since an empty answer came with 12.1', async () => {
    const { phone } = await phoneOf({ version });
    const { key } = phone;
    const answer = { Class: 'Email', SyncKey: key, CollectionId: INBOX, Status: 1 };
    expect(await phone.send()).toEqual({ Collections: { Collection: [answer] } });
    expect(await phone.send({ GetChanges: false })).toEqual({ Collections: { Collection: [answer] } });
    expect(await phone.send()).not.toBe('empty');
  });

  test('answers every collection of the request, with news or without', async () => {
    const { world, phone } = await phoneOf({ version });
    const drafts = { SyncKey: '0', CollectionId: 'drafts' };
    const begun = await phone.raw({ Collections: { Collection: [drafts] } });
    if (begun === 'empty' || 'kind' in begun) throw new Error('no document');
    const SyncKey = begun.Collections!.Collection[0]!.SyncKey!;
    await deliver(world, 1);
    const both = await phone.raw({
      Collections: {
        Collection: [
          { ...drafts, SyncKey },
          { SyncKey: phone.key, CollectionId: INBOX },
        ],
      },
    });
    if (both === 'empty' || 'kind' in both) throw new Error('no document');
    expect(both.Collections?.Collection).toMatchObject([
      { CollectionId: 'drafts', Status: 1 },
      { CollectionId: INBOX, Status: 1, Commands: [{ tag: 'Add' }] },
    ]);
  });

  test('without a body is no request, and one without collections is wrong', async () => {
    const { phone } = await phoneOf({ version });
    expect(await failureOf(phone.raw(undefined))).toBe(101);
    expect(await phone.raw({})).toEqual({ Status: 4 });
    expect(await phone.raw({ WindowSize: 5 })).toEqual({ Status: 4 });
  });

  test('never waits: there is no Wait yet', async () => {
    const { phone } = await phoneOf({ version });
    const sent = await phone.send({}, { Wait: 5 });
    expect(sent).toMatchObject({ Collections: { Collection: [{ Status: 1, SyncKey: phone.key }] } });
  });

  test('leaves no request behind that a later version could repeat', async () => {
    const { phone } = await phoneOf({ version });
    phone.context = { version: 141 };
    expect(await phone.raw(undefined)).toEqual({ Status: 13 });
  });

  test('tells nothing of a change that the version cannot show', async () => {
    const { world, phone, ids } = await phoneOf({ version });
    await elsewhere(world, ids[0]!, { categories: ['Blue'] });
    const answer = await phone.sync();
    expect(answer).toMatchObject({ Status: 1 });
    expect(answer).not.toHaveProperty('Commands');
    await elsewhere(world, ids[0]!, { read: true });
    const [only] = (await phone.sync())!.Commands!;
    const { ApplicationData } = (only as { value: { ApplicationData: WbxmlElement } }).value;
    expect(ApplicationData.children.map(({ tag }) => tag)).toEqual(['Read']);
  });

  test('takes read state from the device', async () => {
    const { world, phone, ids } = await phoneOf({ version });
    const answer = await phone.sync({ Commands: [change(ids[0]!, { Read: true })] });
    expect(answer).toMatchObject({ Status: 1 });
    expect(answer).not.toHaveProperty('Responses');
    const [item] = [...(await world.mailbox.items(INBOX, [ids[0]!.split(':')[1] as never])).values()];
    expect(item?.content.read).toBe(true);
  });
});

describe('options of 2.5', () => {
  test.each([
    [0, 1],
    [9, 1],
    [10, 4],
    [-1, 4],
  ])('a Truncation of %i is status %i', async (Truncation, Status) => {
    const { phone } = await phoneOf({ version: 25 });
    expect(await phone.sync({ Options: [{ Truncation }] })).toMatchObject(Status === 1 ? { Status } : {});
    const sent = await phone.send({ Options: [{ Truncation }] });
    expect(sent).toMatchObject(Status === 4 ? { Status } : { Collections: {} });
  });

  test('a BodyPreference is of later versions and is passed over', async () => {
    const { world, phone } = await phoneOf({ version: 25 }, 0);
    await deliver(world, 1);
    const Options = [{ Truncation: 0, BodyPreference: [{ Type: 2 }] }];
    const [add] = (await phone.sync({ Options }))!.Commands!;
    const { ApplicationData } = (add as { value: { ApplicationData: WbxmlElement } }).value;
    const found = ApplicationData.children.map(({ namespace, tag }) => `${namespace}:${tag}`);
    expect(found).toContain('Email:BodyTruncated');
    expect(found.filter((name) => name.startsWith('AirSyncBase'))).toEqual([]);
  });
});

describe('Mail for Exchange', () => {
  test('never gets an empty answer, which it takes for a failure', async () => {
    const { phone } = await phoneOf({ version: 121, userAgent: 'MeeGo/NokiaN9' });
    expect(await phone.send()).toMatchObject({ Collections: { Collection: [{ Status: 1, SyncKey: phone.key }] } });
    phone.context = { version: 121, userAgent: 'Apple-iPhone/1' };
    expect(await phone.send()).toBe('empty');
  });
});
