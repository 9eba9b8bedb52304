/** Text messages beside the mail of a folder (MS-ASMS). */
import { describe, expect, test } from 'vitest';
import { smsId, ulidFor } from '../../../lib/ops/ids.ts';
import type { WbxmlElement } from '../../../lib/wbxml/index.ts';
import { INBOX } from '../../support/mailboxes.ts';
import { add, change, dataOf, fetchOf, remove, shownOf, TestPhone } from '../../support/sync-phone.ts';
import { deliver, openSyncWorld, type SyncWorld } from '../../support/sync-world.ts';

const SHORT = { Class: 'SMS', BodyPreference: [{ Type: 1, TruncationSize: 4 }] };
const BOTH = [{ BodyPreference: [{ Type: 1 }] }, SHORT];

async function phoneWith(world: SyncWorld, name: string, Options?: object[]) {
  const phone = new TestPhone(world, name);
  phone.context = { version: 160 };
  await phone.start(Options && { Options });
  return phone;
}
const texting = (ClientId: string, Data: string) => {
  const ApplicationData = dataOf({ From: '"Bob" <+41791234567>', Body: { Type: 1, Data } }, 160);
  return { tag: 'Add', value: { ...add(ClientId, {}).value, Class: 'SMS', ApplicationData } } as const;
};

async function withText() {
  const world = await openSyncWorld({ sms: true });
  await deliver(world, 1);
  const phone = await phoneWith(world, 'texting', BOTH);
  const answer = await phone.sync({ Commands: [texting('c1', 'Late again')] });
  const { ServerId, ...told } = answer!.Responses![0]!.value as { ServerId: string };
  return { world, phone, answer, told, ServerId };
}

describe('a text message that a phone adds', () => {
  test('is in the folder, of its class, and not sent back', async () => {
    const { world, phone, answer, told, ServerId } = await withText();
    expect(told).toEqual({ Class: 'SMS', ClientId: 'c1', Status: 1 });
    expect(answer!.Commands).toBeUndefined();
    expect((await world.mailbox.page(INBOX, { limit: 9 })).map((one) => one.class).toSorted()).toEqual([
      'Email',
      'SMS',
    ]);
    expect(ServerId).toMatch(/^inbox:/);
    expect(await phone.send()).toBe('empty');
  });

  test('comes to other phones that ask for it, as they want it, and to no others', async () => {
    const { world, ServerId } = await withText();
    const other = await phoneWith(world, 'other', BOTH);
    expect(other.items.get(ServerId)).toMatchObject({ Body: { Data: 'Late', Truncated: true } });
    expect([...other.items.values()].map(({ Body }) => Body?.Data).toSorted()).toEqual(['Hello', 'Late']);
    const mailOnly = await phoneWith(world, 'mail');
    expect([...mailOnly.items.keys()]).toHaveLength(1);
    expect(mailOnly.items.has(ServerId)).toBe(false);
  });

  test('is told with its class', async () => {
    const { world } = await withText();
    const other = new TestPhone(world, 'other');
    other.context = { version: 160 };
    await other.sync({ Options: BOTH });
    const answer = await other.sync();
    const classes = answer!.Commands!.map(({ value }) => (value as { Class?: string }).Class ?? 'Email');
    expect(classes.toSorted()).toEqual(['Email', 'SMS']);
  });

  test('can be changed, fetched and deleted like mail', async () => {
    const { world, phone, ServerId } = await withText();
    const other = await phoneWith(world, 'other', BOTH);
    const answer = await other.sync({ Commands: [change(ServerId, { Read: true }), fetchOf(ServerId)] });
    expect(answer!.Responses).toHaveLength(1);
    const [fetched] = answer!.Responses!;
    const data = (fetched!.value as { ApplicationData: WbxmlElement }).ApplicationData;
    expect(shownOf(data, 160)).toMatchObject({ Read: true, Body: { Data: 'Late again', EstimatedDataSize: 10 } });
    await phone.sync();
    expect(phone.items.get(ServerId)).toMatchObject({ Read: true });
    expect((await phone.sync({ Commands: [remove(ServerId)] }))?.Responses).toBeUndefined();
    await other.sync();
    expect(other.items.has(ServerId)).toBe(false);
  });

  test('is nothing to a server that takes none', async () => {
    const world = await openSyncWorld();
    const phone = await phoneWith(world, 'texting');
    const ServerId = `inbox:${smsId(ulidFor(world.clock.now(), 'text'))}`;
    const answer = await phone.sync({ Commands: [change(ServerId, { Read: true }), fetchOf(ServerId)] });
    expect(answer!.Responses).toEqual([
      { tag: 'Change', value: { ServerId, Status: 8 } },
      { tag: 'Fetch', value: { ServerId, Status: 8 } },
    ]);
  });
});
