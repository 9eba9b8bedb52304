import { describe, expect, test } from 'vitest';
import { email, INBOX } from '../../support/mailboxes.ts';
import { change, TestPhone } from '../../support/sync-phone.ts';
import { openSyncWorld } from '../../support/sync-world.ts';

describe('a first Sync', () => {
  test('hands out a key without items, then everything newest first', async () => {
    const world = await openSyncWorld();
    await world.mailbox.append(
      INBOX,
      [1, 2, 3].map((n) => email(`m${n}`, { received: n * 1000 })),
    );
    const phone = new TestPhone(world);
    const first = await phone.sync();
    expect(first).toMatchObject({ Status: 1, CollectionId: INBOX });
    expect(first?.Commands).toBeUndefined();
    const second = await phone.sync();
    expect(second?.Commands).toHaveLength(3);
    expect([...phone.items.values()].map(({ Subject }) => Subject)).toEqual(['Subject m3', 'Subject m2', 'Subject m1']);
    expect(await phone.send()).toBe('empty');
  });
  test('flags', async () => {
    const world = await openSyncWorld();
    await world.mailbox.append(INBOX, [email('m1')]);
    const phone = new TestPhone(world);
    await phone.start();
    const [id] = phone.items.keys();
    const answer = await phone.sync({ Commands: [change(id!, { Read: true })] });
    expect(answer).toMatchObject({ Status: 1 });
    expect(answer?.Responses).toBeUndefined();
    expect(answer?.Commands).toBeUndefined();
    expect(await phone.send()).toBe('empty');
  });
});
