/** Devices that ask for the same window again and again, as one does whose parser dies of an item in it. */
import { describe, expect, test } from 'vitest';
import { INBOX } from '../../support/mailboxes.ts';
import { TestPhone } from '../../support/sync-phone.ts';
import { deliver, openSyncWorld } from '../../support/sync-world.ts';

/** A phone that takes an answer in unless the fatal item is in it. Gives how many requests it took, and the windows. */
async function struggle(phone: TestPhone, fatal: string, requests = 200) {
  const windows: number[] = [];
  for (let count = 0; count < requests; count++) {
    const sent = await phone.send();
    const collection =
      sent === 'empty' || 'kind' in sent ? undefined : sent.Collections?.Collection.find((one) => one.Commands);
    const told = collection?.Commands?.map(({ value }) => value.ServerId) ?? [];
    if (told.length > 0) windows.push(told.length);
    if (told.includes(fatal)) continue;
    phone.take(sent);
    if (told.length === 0) return windows;
  }
  return windows;
}

describe('a message that a phone cannot digest', () => {
  test('is left out in the end, and everything else arrives once', async () => {
    const world = await openSyncWorld();
    const phone = new TestPhone(world);
    await phone.start();
    const ids = await deliver(world, 40);
    const fatal = ids[17]!;
    const windows = await struggle(phone, fatal);
    expect([...phone.items.keys()].sort()).toEqual(ids.filter((id) => id !== fatal).sort());
    expect(phone.complaints).toEqual([]);
    // Whole six times, and the first answer; then ever smaller.
    expect(windows.slice(0, 7)).toEqual(Array(7).fill(40));
    expect(Math.max(...windows.slice(7))).toBeLessThanOrEqual(25);
  });

  test('comes like any other once the phone can: to another device it always did', async () => {
    const world = await openSyncWorld();
    const phone = new TestPhone(world);
    await phone.start();
    const [fatal] = await deliver(world, 3);
    await struggle(phone, fatal!);
    const other = new TestPhone(world, 'phone2');
    await other.start();
    expect([...other.items.keys()]).toContain(fatal);
    expect((await world.mailbox.folder(INBOX))?.count).toBe(3);
  });

  test('is the same answer for a phone that merely lost a few', async () => {
    const world = await openSyncWorld();
    const phone = new TestPhone(world);
    await phone.start();
    await deliver(world, 30);
    const first = await phone.send();
    for (let count = 0; count < 6; count++) expect(await phone.send()).toEqual(first);
    phone.take(first);
    expect(phone.items.size).toBe(30);
  });

  test('that was answered anew under the same key does no harm to whoever got the first answer late', async () => {
    const world = await openSyncWorld();
    const phone = new TestPhone(world);
    await phone.start();
    const ids = await deliver(world, 30);
    const first = await phone.send();
    for (let count = 0; count < 7; count++) await phone.send();
    phone.take(first);
    await phone.drain();
    expect([...phone.items.keys()].sort()).toEqual([...ids].sort());
  });
});
