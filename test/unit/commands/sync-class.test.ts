/** What becomes of commands whose class of items makes more of them than a change of a row, or refuses them. */
import { describe, expect, test } from 'vitest';
import type { ClientSend, SyncItemClass } from '../../../lib/commands/sync/item-class.ts';
import { QuotaExceeded } from '../../../lib/mailbox/quota.ts';
import type { Item, Mailbox } from '../../../lib/mailbox/types.ts';
import { StoreUnavailable } from '../../../lib/store/ports.ts';
import { keys } from '../../../lib/store/schema.ts';
import { type WbxmlElement, WbxmlError } from '../../../lib/wbxml/index.ts';
import { ALICE, emailContent, INBOX } from '../../support/mailboxes.ts';
import { altered } from '../../support/query-world.ts';
import { add, change, fetchOf, shownOf, TestPhone, writable } from '../../support/sync-phone.ts';
import { deliver, elsewhere, itemOf, openSyncWorld, type SyncWorld } from '../../support/sync-world.ts';

type Command = NonNullable<NonNullable<Parameters<TestPhone['sync']>[0]>['Commands']>[number];
const SENT = 'sent';
const FLAGS_VIEW = { version: 161, options: {} } as never;
const broken = () => new WbxmlError('value', 'is none', 'ApplicationData');

async function open(over: (base: SyncItemClass, world: () => SyncWorld) => Partial<SyncItemClass>) {
  let world!: SyncWorld;
  world = await openSyncWorld({ email: (base) => ({ ...base, ...over(base, () => world) }) });
  const [id] = await deliver(world, 1);
  const phone = new TestPhone(world);
  phone.context = { version: 161 };
  await phone.start();
  const content = async (mailbox: Mailbox = world.mailbox) =>
    (await mailbox.items(INBOX, [itemOf(id!)])).get(itemOf(id!))?.content;
  const statusOf = async (...commands: Command[]) => {
    const answer = await phone.sync({ Commands: commands });
    return answer?.Responses?.map(({ value }) => value.Status);
  };
  return { world, phone, id: id!, content, statusOf };
}
/** Says of an item for which command it was asked: read after an Add, unread after a Change. */
const confirming =
  (base: SyncItemClass): SyncItemClass['confirm'] =>
  ({ content, ...item }, _data, command) => {
    if (command !== 'Add' && command !== 'Change') throw new TypeError(command);
    return base.renderFlags({ ...item, content: { ...content, read: command === 'Add' } }, 'r', FLAGS_VIEW);
  };
const confirmed = (answer: { Responses?: readonly { value: object }[] } | undefined) =>
  answer?.Responses?.map(({ value }) => {
    const { Status, ApplicationData } = value as { Status: number; ApplicationData?: WbxmlElement };
    return [Status, ApplicationData && shownOf(ApplicationData, 161).Read];
  });
const sending = <T extends { value: object }>(command: T) =>
  ({ ...command, value: { ...command.value, Send: true } }) as T;

describe('an Add', () => {
  test.each<[string, SyncItemClass['create'], number]>([
    ['that the class refuses', async () => ({ status: 14 }), 14],
    ['that it cannot read [MS-ASCMD R4440]', () => Promise.reject(broken()), 6],
    ['that it knows nothing about', undefined, 6],
  ])('%s has its status and no ServerId', async (_, create, Status) => {
    const { phone } = await open(() => ({ create }));
    const answer = await phone.sync({ Commands: [add('c1', { Subject: 'x' })] });
    expect(answer?.Responses).toEqual([{ tag: 'Add', value: { ClientId: 'c1', Status } }]);
  });

  test('that finds no room is status 9, and the others go on [MS-ASCMD R4450]', async () => {
    const { world, phone, id } = await open((base) => writable(base));
    const full = altered(world.mailbox, { append: () => Promise.reject(new QuotaExceeded('bytes')) });
    phone.context = { version: 161, mailbox: full };
    const answer = await phone.sync({ Commands: [add('c1', { Subject: 'x' }), change(id, { Read: true })] });
    expect(answer?.Responses).toEqual([{ tag: 'Add', value: { ClientId: 'c1', Status: 9 } }]);
  });

  test('fails where there is a bug', async () => {
    const { phone } = await open(() => ({ create: () => Promise.reject(new TypeError('bug')) }));
    await expect(phone.sync({ Commands: [add('c1', { Subject: 'x' })] })).rejects.toThrow(TypeError);
  });

  test('of another class than the folder takes is status 6', async () => {
    const { phone } = await open((base) => writable(base));
    const one = add('c1', { Subject: 'x' });
    const answer = await phone.sync({ Commands: [{ ...one, value: { ...one.value, Class: 'SMS' } }] });
    expect(answer?.Responses).toMatchObject([{ tag: 'Add', value: { ClientId: 'c1', Status: 6 } }]);
  });

  test('is answered with what the class says of the item, also when it comes again', async () => {
    const { phone } = await open((base) => ({ ...writable(base), confirm: confirming(base) }));
    const Commands = [add('c1', { Subject: 'x' })];
    const first = await phone.send({ Commands });
    const again = await phone.send({ Commands });
    expect(again).toEqual(first);
    expect(confirmed(phone.take(first))).toEqual([[1, true]]);
  });
});

describe('a Change that the class makes more of', () => {
  const rewritten = (item: Item) => ({ content: { ...item.content, subject: 'Edited' } });

  test('is answered with what the class says of the item, also when it comes again; not where it failed', async () => {
    const { world, phone, id } = await open((base) => ({
      edit: async ({ item }) => rewritten(item),
      confirm: confirming(base),
    }));
    const Commands = [change(id, { Subject: 'x' })];
    const first = await phone.send({ Commands });
    expect(await phone.send({ Commands })).toEqual(first);
    expect(confirmed(phone.take(first))).toEqual([[1, false]]);
    await world.mailbox.remove(INBOX, [itemOf(id)]);
    expect(confirmed(await phone.sync({ Commands }))).toEqual([[8, undefined]]);
  });

  test('is a change to other phones', async () => {
    const { world, phone, id } = await open(() => ({ edit: async ({ item }) => rewritten(item) }));
    const other = new TestPhone(world, 'other');
    await other.start();
    await phone.sync({ Commands: [change(id, { Subject: 'x' })] });
    await other.sync();
    expect(other.items.get(id)?.Subject).toBe('Edited');
    expect(other.complaints).toEqual([]);
  });

  test('becomes what the class makes of it, and is not told back', async () => {
    const { phone, id, content, statusOf } = await open(() => ({ edit: async ({ item }) => rewritten(item) }));
    expect(await statusOf(change(id, { Subject: 'x' }))).toBeUndefined();
    expect((await content())?.subject).toBe('Edited');
    expect(await phone.send()).toBe('empty');
  });

  test.each<[string, SyncItemClass['edit'], number]>([
    ['refuses', async () => ({ status: 122 }), 122],
    ['cannot read', () => Promise.reject(broken()), 6],
  ])('that it %s has its status and changes nothing', async (_, edit, status) => {
    const { id, content, statusOf } = await open(() => ({ edit }));
    const before = await content();
    expect(await statusOf(change(id, { Read: true }))).toEqual([status]);
    expect(await content()).toEqual(before);
  });

  test('is left to the row where the class says nothing', async () => {
    const { id, content, statusOf } = await open(() => ({ edit: async () => undefined }));
    expect(await statusOf(change(id, { Read: true }))).toBeUndefined();
    expect((await content())?.read).toBe(true);
  });

  test('is made anew where the item changes meanwhile, three times', async () => {
    let rivals = 2;
    let made = 0;
    const { id, content, statusOf } = await open((_, world) => ({
      edit: async ({ item }) => {
        made++;
        if (rivals-- > 0)
          await world().mailbox.update(INBOX, item.id, (now) => ({
            kind: 'flags',
            parts: 'r',
            content: { ...now.content, read: !now.content.read },
          }));
        return rewritten(item);
      },
    }));
    expect(await statusOf(change(id, { Subject: 'x' }))).toBeUndefined();
    expect((await content())?.subject).toBe('Edited');
    expect(made).toBe(3);
    rivals = 9;
    await expect(statusOf(change(id, { Subject: 'y' }))).rejects.toThrow(StoreUnavailable);
    expect(made).toBe(6);
  });

  test('of an item that is gone is status 8, and that finds no room 9', async () => {
    const { world, phone, id, statusOf } = await open(() => ({ edit: async ({ item }) => rewritten(item) }));
    const full = altered(world.mailbox, { update: () => Promise.reject(new QuotaExceeded('bytes')) });
    phone.context = { version: 161, mailbox: full };
    expect(await statusOf(change(id, { Subject: 'x' }))).toEqual([9]);
    phone.context = { version: 161 };
    await world.mailbox.remove(INBOX, [itemOf(id)]);
    expect(await statusOf(change(id, { Subject: 'x' }))).toEqual([8]);
  });

  test('meets what others changed: the server keeps its own', async () => {
    const { world, id, content, statusOf } = await open(() => ({ edit: async ({ item }) => rewritten(item) }));
    await elsewhere(world, id, { subject: 'Theirs' });
    expect(await statusOf(change(id, { Subject: 'x' }))).toEqual([7]);
    expect((await content())?.subject).toBe('Theirs');
  });
});

describe('a message that goes out at once', () => {
  const copy = (key: string, subject: string) => {
    const content = emailContent(key, { subject });
    return { id: itemOf(`x:${key}`), class: 'Email' as const, content };
  };
  const KEY = '01KF0RDQG0HD9P77RN5J7WDVSG';
  const filing: SyncItemClass['send'] = async ({ commit }: ClientSend) => {
    await commit(copy(KEY, 'Out'), []);
    return 1;
  };
  const sentOf = async ({ mailbox }: SyncWorld) => (await mailbox.folder(SENT as never))!.count;

  test('is in Sent Items, once however often it comes, and has no ServerId', async () => {
    let calls = 0;
    const { world, phone } = await open(() => ({
      send: (one) => {
        calls++;
        return filing(one);
      },
    }));
    const Commands = [sending(add('c1', { Subject: 'x' }))];
    const first = await phone.send({ Commands });
    expect(await phone.send({ Commands })).toEqual(first);
    expect([calls, await sentOf(world)]).toEqual([1, 1]);
    expect(phone.take(first)?.Responses).toEqual([{ tag: 'Add', value: { ClientId: 'c1', Status: 1 } }]);
  });

  test('as a draft leaves its folder, and the phone is told so', async () => {
    const { world, phone, id, content } = await open(() => ({ send: filing }));
    const answer = await phone.sync({ Commands: [sending(change(id, { Subject: 'x' }))] });
    expect(answer?.Responses).toBeUndefined();
    expect(await content()).toBeUndefined();
    expect(await sentOf(world)).toBe(1);
    await phone.drain();
    expect(phone.items.has(id)).toBe(false);
  });

  test('as a draft is sent once however often it comes, and is not told of like a Change', async () => {
    let calls = 0;
    const { world, phone, id } = await open((base) => ({
      confirm: confirming(base),
      send: (one) => {
        calls++;
        return filing(one);
      },
    }));
    const Commands = [sending(change(id, { Subject: 'x' }))];
    const first = await phone.send({ Commands });
    expect(await phone.send({ Commands })).toEqual(first);
    expect(phone.take(first)?.Responses).toBeUndefined();
    expect([calls, await sentOf(world)]).toEqual([1, 1]);
  });

  test('has the rows that the class adds in the transaction of its copy', async () => {
    const key = keys.sent(ALICE, 'phone1' as never, 'x');
    const { world, id, statusOf } = await open(() => ({
      send: async ({ commit }) => {
        const { table, pk, sk } = key;
        await commit(copy(KEY, 'Out'), [{ op: 'put', table, row: { pk, sk, at: 1 } }]);
        return 1;
      },
    }));
    expect(await statusOf(sending(change(id, { Subject: 'x' })))).toBeUndefined();
    expect(await world.table.get(key, 'strong')).toMatchObject({ at: 1 });
  });

  test('and is deleted by others while it goes is status 8', async () => {
    const { world, id, statusOf } = await open((_, theirs) => ({
      send: async (one) => {
        await theirs().mailbox.remove(INBOX, [one.draft!.id]);
        return filing(one);
      },
    }));
    expect(await statusOf(sending(change(id, { Subject: 'x' })))).toEqual([8]);
    expect(await sentOf(world)).toBe(0);
  });

  test.each<[string, SyncItemClass['send'], number]>([
    ['is refused', async () => 183, 183],
    ['cannot be read', () => Promise.reject(broken()), 6],
    ['is of a class that sends nothing', undefined, 6],
  ])('and %s has its status', async (_, send, status) => {
    const { id, content, statusOf } = await open(() => ({ send }));
    expect(await statusOf(sending(add('c1', { Subject: 'x' })), sending(change(id, { Subject: 'x' })))).toEqual([
      status,
      status,
    ]);
    expect(await content()).toBeDefined();
  });

  test('and is gone, is changed by others, or finds no room is status 8, 7 and 9', async () => {
    const { world, phone, id, statusOf } = await open(() => ({ send: filing }));
    await elsewhere(world, id, { subject: 'Theirs' });
    expect(await statusOf(sending(change(id, { Subject: 'x' })))).toEqual([7]);
    await phone.drain();
    const full = () => Promise.reject(new QuotaExceeded('bytes'));
    phone.context = { version: 161, mailbox: altered(world.mailbox, { append: full, move: full }) };
    expect(await statusOf(sending(change(id, { Subject: 'y' })), sending(add('c1', { Subject: 'x' })))).toEqual([9, 9]);
    phone.context = { version: 161 };
    await world.mailbox.remove(INBOX, [itemOf(id)]);
    expect(await statusOf(sending(change(id, { Subject: 'z' })))).toEqual([8]);
  });

  test('and changes while it goes is sent anew, three times', async () => {
    let sent = 0;
    const { id, statusOf } = await open((_, world) => ({
      send: async (one) => {
        sent++;
        await world().mailbox.update(INBOX, one.draft!.id, (now) => ({
          kind: 'flags',
          parts: 'r',
          content: { ...now.content, read: !now.content.read },
        }));
        return filing(one);
      },
    }));
    await expect(statusOf(sending(change(id, { Subject: 'x' })))).rejects.toThrow(StoreUnavailable);
    expect(sent).toBe(3);
  });
});

test('a Fetch fails where the store has trouble', async () => {
  let down = false;
  const { phone, id } = await open((base) => ({
    render: (item, view) => {
      if (down) throw new StoreUnavailable('down');
      return base.render(item, view);
    },
  }));
  down = true;
  await expect(phone.sync({ Commands: [fetchOf(id)] })).rejects.toThrow(StoreUnavailable);
});
