/** Lost answers, repeated requests, two requests at once. */
import { describe, expect, test } from 'vitest';
import type { SyncItemClass } from '../../../lib/commands/sync/item-class.ts';
import { StoreUnavailable } from '../../../lib/store/ports.ts';
import { INBOX, TRASH } from '../../support/mailboxes.ts';
import { add, change, remove, TestPhone, writable } from '../../support/sync-phone.ts';
import { deliver, elsewhere, itemOf, openSyncWorld } from '../../support/sync-world.ts';

const collectionOf = (sent: unknown) =>
  (
    sent as {
      Collections: { Collection: { SyncKey: string; Status: number; Commands?: unknown[]; Responses?: unknown[] }[] };
    }
  ).Collections.Collection[0]!;

describe('an answer that was lost', () => {
  test('comes again under the same key, without what happened since', async () => {
    const world = await openSyncWorld();
    const phone = new TestPhone(world);
    await phone.start();
    const [first] = await deliver(world, 1);
    const lost = await phone.send();
    const [second] = await deliver(world, 1);
    expect(await phone.send()).toEqual(lost);
    phone.take(lost);
    expect([...phone.items.keys()]).toEqual([first]);
    await phone.sync();
    expect([...phone.items.keys()]).toEqual([first, second]);
  });

  test('of a page comes again, and pages go on after it', async () => {
    const world = await openSyncWorld();
    await deliver(world, 7);
    const phone = new TestPhone(world);
    await phone.sync();
    const lost = await phone.send({ WindowSize: 3 });
    await deliver(world, 2);
    expect(await phone.send({ WindowSize: 3 })).toEqual(lost);
    await phone.drain({ WindowSize: 3 });
    expect(phone.items.size).toBe(9);
    expect(phone.complaints).toEqual([]);
  });

  test('leaves out what is gone since, and is acknowledged by the key that it carried', async () => {
    const world = await openSyncWorld();
    const phone = new TestPhone(world);
    await phone.start();
    const [gone, stays] = await deliver(world, 2);
    const { key } = phone;
    await phone.send();
    await world.mailbox.remove(INBOX, [itemOf(gone!)]);
    const again = phone.take(await phone.send());
    expect(again?.Commands?.map(({ value }) => value.ServerId)).toEqual([stays]);
    await phone.sync();
    expect([...phone.items.keys()]).toEqual([stays]);
    expect(await phone.sync({ SyncKey: key })).toMatchObject({ Status: 3 });
  });

  test('of soft deletes comes again', async () => {
    const world = await openSyncWorld();
    const [old] = await deliver(world, 1, { received: world.clock.now() - 2 * 86_400_000 });
    const phone = new TestPhone(world);
    await phone.start();
    const lost = await phone.send({ Options: [{ FilterType: 1 }] });
    expect(collectionOf(lost).Commands).toEqual([{ tag: 'SoftDelete', value: { ServerId: old } }]);
    expect(await phone.send({ Options: [{ FilterType: 1 }] })).toEqual(lost);
  });
});

describe('what was to leave the filter by an answer that was lost', () => {
  test('leaves with its repetition although it was deleted meanwhile', async () => {
    const world = await openSyncWorld();
    const [old] = await deliver(world, 1, { received: world.clock.now() - 2 * 86_400_000 });
    const phone = new TestPhone(world);
    await phone.start();
    await phone.send({ Options: [{ FilterType: 1 }] });
    await world.mailbox.remove(INBOX, [itemOf(old!)]);
    await phone.sync({ Options: [{ FilterType: 1 }] });
    expect(phone.items.size).toBe(0);
    expect(await phone.send()).toBe('empty');
  });
});

describe('client commands that come again', () => {
  test('an Add is done once and answered with the same ServerId', async () => {
    const world = await openSyncWorld({ email: writable });
    const phone = new TestPhone(world);
    await phone.start();
    const Commands = [add('c1', { Subject: 'Draft' })];
    const lost = await phone.send({ Commands });
    const again = await phone.send({ Commands });
    expect(again).toEqual(lost);
    expect(collectionOf(again).Responses).toMatchObject([{ tag: 'Add', value: { ClientId: 'c1', Status: 1 } }]);
    expect(await world.mailbox.page(INBOX, { limit: 10 })).toHaveLength(1);
  });

  test('an Add of other content under the same ClientId is another item', async () => {
    const world = await openSyncWorld({ email: writable });
    const phone = new TestPhone(world);
    await phone.start();
    await phone.send({ Commands: [add('c1', { Subject: 'One' })] });
    const answer = await phone.sync({ Commands: [add('c1', { Subject: 'Two' })] });
    const items = await world.mailbox.page(INBOX, { limit: 10 });
    expect(items.map(({ content }) => content.subject).sort()).toEqual(['One', 'Two']);
    // The first was never confirmed, so the phone gets it as somebody else's.
    expect(answer?.Commands?.map(({ tag }) => tag)).toEqual(['Add']);
    expect([...phone.items.values()].map(({ Subject }) => Subject)).toEqual(['One']);
    expect(await phone.send()).toBe('empty');
  });

  test('a Change is not done again over what another device did since', async () => {
    const world = await openSyncWorld();
    const [id] = await deliver(world, 1);
    const phone = new TestPhone(world);
    const Options = [{ Conflict: 0 }];
    await phone.start({ Options });
    const Commands = [change(id!, { Read: true })];
    await phone.send({ Commands });
    await elsewhere(world, id!, { read: false });
    const again = phone.take(await phone.send({ Commands }));
    expect(again).toMatchObject({ Status: 1 });
    expect(again?.Responses).toBeUndefined();
    const item = (await world.mailbox.items(INBOX, [itemOf(id!)])).get(itemOf(id!));
    expect(item?.content.read).toBe(false);
    await phone.sync();
    expect(phone.items.get(id!)?.Read).toBe(false);
  });

  test('a Delete is answered alike although the item is gone by it', async () => {
    const world = await openSyncWorld();
    const [id] = await deliver(world, 1);
    const phone = new TestPhone(world);
    await phone.start();
    const lost = await phone.send({ Commands: [remove(id!)] });
    expect(await phone.send({ Commands: [remove(id!)] })).toEqual(lost);
    expect(collectionOf(lost).Responses).toBeUndefined();
    expect(await world.mailbox.page(TRASH, { limit: 10 })).toHaveLength(1);
  });

  test('a Delete is one Delete, whatever it was to do with the item the second time', async () => {
    const world = await openSyncWorld();
    const [id] = await deliver(world, 1);
    const phone = new TestPhone(world);
    await phone.start();
    await phone.send({ Commands: [remove(id!)] });
    const again = await phone.sync({ DeletesAsMoves: false, Commands: [remove(id!)] });
    expect(again).toMatchObject({ Status: 1 });
    expect(again?.Responses).toBeUndefined();
    expect(await world.mailbox.page(TRASH, { limit: 10 })).toHaveLength(1);
  });

  test('what the phone does not send again comes to it as news', async () => {
    const world = await openSyncWorld();
    const [id] = await deliver(world, 1);
    const phone = new TestPhone(world);
    await phone.start();
    await phone.send({ Commands: [change(id!, { Read: true })] });
    const answer = await phone.sync();
    expect(answer?.Commands).toMatchObject([{ tag: 'Change', value: { ServerId: id } }]);
    expect(phone.items.get(id!)?.Read).toBe(true);
  });

  test('its own change does not come back, also when the window has no room for the rows at first', async () => {
    const world = await openSyncWorld();
    const ids = await deliver(world, 3);
    const phone = new TestPhone(world);
    await phone.start();
    for (const id of ids) await elsewhere(world, id, { subject: 'New' });
    const [last] = await deliver(world, 1);
    const first = await phone.sync({
      WindowSize: 1,
      Commands: [change(ids[0]!, { Categories: { Category: ['Red'] } })],
    });
    expect(first?.MoreAvailable).toBe(true);
    await phone.sync({ WindowSize: 2 });
    const rest = await phone.sync({ WindowSize: 2 });
    expect(rest?.Commands?.map(({ value }) => value.ServerId)).toEqual([last]);
    expect(await phone.send()).toBe('empty');
  });

  test('a change of another device after its own does', async () => {
    const world = await openSyncWorld();
    const [id] = await deliver(world, 1);
    const phone = new TestPhone(world);
    await phone.start();
    await phone.sync({ Commands: [change(id!, { Read: true })] });
    await elsewhere(world, id!, { read: false });
    await phone.sync();
    expect(phone.items.get(id!)?.Read).toBe(false);
  });

  test('a second device gets what the first one did', async () => {
    const world = await openSyncWorld();
    const [id] = await deliver(world, 1);
    const [one, other] = [new TestPhone(world, 'one'), new TestPhone(world, 'other')];
    await one.start();
    await other.start();
    await one.sync({ Commands: [change(id!, { Read: true })] });
    await other.sync();
    expect(other.items.get(id!)?.Read).toBe(true);
  });
});

describe('two requests of one device at once', () => {
  test('on one process get the same answer', async () => {
    const world = await openSyncWorld({ email: writable });
    const phone = new TestPhone(world);
    await phone.start();
    await deliver(world, 2);
    const Commands = [add('c1', { Subject: 'Draft' })];
    const [one, two] = await Promise.all([phone.send({ Commands }), phone.send({ Commands })]);
    expect(two).toEqual(one);
    expect(await world.mailbox.page(INBOX, { limit: 10 })).toHaveLength(3);
  });

  test('on two processes never fork the key: one is answered, the other gets status 16 or the same', async () => {
    for (let round = 0; round < 10; round++) {
      const world = await openSyncWorld({ email: writable });
      const phone = new TestPhone(world);
      await phone.start();
      await deliver(world, 2);
      const Commands = [add('c1', { Subject: 'Draft' })];
      const answers = await Promise.all([phone.send({ Commands }), phone.send({ Commands }, {}, world.another())]);
      const [one, two] = answers.map(collectionOf);
      const good = [one!, two!].filter(({ Status }) => Status === 1);
      expect(good.length).toBeGreaterThan(0);
      for (const { SyncKey } of good) expect(SyncKey).toBe(good[0]!.SyncKey);
      for (const { Status } of [one!, two!]) expect([1, 16]).toContain(Status);
      expect(await world.mailbox.page(INBOX, { limit: 10 })).toHaveLength(3);
    }
  });

  test('that mean two things by one ClientId: the slower one comes again', async () => {
    let meanwhile: (() => Promise<unknown>) | undefined;
    const faster = (base: SyncItemClass): SyncItemClass => ({
      ...writable(base),
      async create(input) {
        const run = meanwhile;
        meanwhile = undefined;
        await run?.();
        return await writable(base).create!(input);
      },
    });
    const world = await openSyncWorld({ email: faster });
    const phone = new TestPhone(world);
    await phone.start();
    const other = (Subject: string) => () => phone.send({ Commands: [add('c1', { Subject })] }, {}, world.another());
    meanwhile = other('Other');
    await expect(phone.send({ Commands: [add('c1', { Subject: 'Mine' })] })).rejects.toThrow(StoreUnavailable);
    meanwhile = other('Same');
    const same = await phone.send({ Commands: [add('c1', { Subject: 'Same' })] });
    expect([1, 16]).toContain(collectionOf(same).Status);
    const subjects = (await world.mailbox.page(INBOX, { limit: 10 })).map(({ content }) => content.subject);
    expect(subjects.toSorted()).toEqual(['Other', 'Same']);
  });

  test('a look of a Ping between read and write does not cost the request anything', async () => {
    const world = await openSyncWorld();
    const phone = new TestPhone(world);
    await phone.start();
    await deliver(world, 1);
    const load = world.states.load.bind(world.states);
    let once = true;
    world.states.load = async (...args) => {
      const found = await load(...args);
      const [known] = found;
      if (once && known) {
        once = false;
        await world.states.save(args[0], args[1], INBOX, { ...known.state, touched: world.clock.now() }, known.rev);
      }
      return found;
    };
    expect(await phone.sync()).toMatchObject({ Status: 1 });
    expect(phone.items.size).toBe(1);
  });
});
