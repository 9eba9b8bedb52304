import { describe, expect, test } from 'vitest';
import { createDelivery, type Delivery, MovedAway, NoRecipient } from '../../../lib/delivery/deliver.ts';
import type { Envelope } from '../../../lib/delivery/message.ts';
import type { Account } from '../../../lib/identity/types.ts';
import { type ItemId, type MailboxId, ulidTime } from '../../../lib/ops/ids.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import type { Blobs, Table } from '../../../lib/store/ports.ts';
import { FaultyTable } from '../../support/faulty-table.ts';
import { ALICE, INBOX, openTestMailbox, TRASH } from '../../support/mailboxes.ts';

const LIVE: Envelope = { from: 'ada@example.com', arrival: 'live' };
const mail = (over = '', body = 'hello') =>
  Buffer.from(`Message-ID: <1@example.com>\r\nDate: Thu, 15 Jan 2026 11:59:00 +0000\r\n${over}\r\n${body}`);

function account(id: string, over: Partial<Account> = {}): Account {
  const base = { aliases: [], name: '', enabled: true, easEnabled: true, credentialVersion: 1 };
  return { ...base, id: id as MailboxId, address: `${id}@example.net`, ...over };
}

async function open(options: { wrap?: (table: Table) => Table; blobs?: (blobs: Blobs) => Pick<Blobs, 'put'> } = {}) {
  const test = await openTestMailbox({ wrap: options.wrap });
  const accounts = new Map([
    ['alice@example.net', account('alice')],
    ['sales@example.net', account('alice')],
    ['bob@example.net', account('bob')],
    ['gone@example.net', account('gone', { enabled: false })],
  ]);
  const delivery = createDelivery({
    directory: { byAddress: async (address) => accounts.get(address) },
    mailboxes: test.mailboxes,
    table: test.store.table,
    blobs: options.blobs?.(test.store.blobs) ?? test.store.blobs,
    clock: test.clock,
    log: silentLog,
  });
  const inbox = async () => (await test.mailbox.page(INBOX, { limit: 100 })).map(({ content }) => content.text.prefix);
  return { ...test, delivery, inbox, accounts };
}

describe('a delivery', () => {
  test('ends in the Inbox, with its blobs', async () => {
    const { delivery, mailbox, store } = await open();
    const done = await delivery.deliver('alice@example.net', mail('Subject: hi\r\n'), {
      ...LIVE,
      trace: 'X-Trace: 1\r\n',
    });
    expect(done).toMatchObject({ mailbox: ALICE, folder: INBOX, duplicate: false });
    const [item] = await mailbox.page(INBOX, { limit: 10 });
    expect(item).toMatchObject({ id: done.item, class: 'Email', content: { subject: 'hi', read: false } });
    const raw = Buffer.from((await store.blobs.get(item!.content.mime.blob))!).toString();
    expect(raw).toBe(`X-Trace: 1\r\n${mail('Subject: hi\r\n')}`);
  });

  test.each([
    ['bare line feeds', mail('Subject: hi\r\n', 'a\n\nb\n').toString().replaceAll('\r', ''), 'a\r\n\r\nb\r\n'],
    ['line ends of both kinds', mail('Subject: hi\r\n', 'a\nb\r\nc\r\r\nd').toString(), 'a\r\nb\r\nc\r\r\nd'],
  ])('of a message with %s is kept with CRLF, and the same again is a duplicate', async (_, text, body) => {
    const { delivery, mailbox, store } = await open();
    const envelope = { ...LIVE, trace: 'X-Trace: 1\r\n' };
    const send = () => delivery.deliver('alice@example.net', Buffer.from(text), envelope);
    expect((await send()).duplicate).toBe(false);
    const [item] = await mailbox.page(INBOX, { limit: 10 });
    const raw = Buffer.from((await store.blobs.get(item!.content.mime.blob))!).toString();
    expect(raw).toBe(`X-Trace: 1\r\n${mail('Subject: hi\r\n', body)}`);
    expect(item!.content.mime.size).toBe(raw.length);
    expect((await send()).duplicate).toBe(true);
  });

  test('makes a mailbox that is not there yet', async () => {
    const { delivery, mailboxes } = await open();
    const { mailbox, folder } = await delivery.deliver('bob@example.net', mail(), LIVE);
    expect(await mailboxes.open(mailbox).page(folder, { limit: 10 })).toHaveLength(1);
  });

  test.each(['nobody@example.net', 'gone@example.net', ''])('to %j is refused', async (address) => {
    const { delivery, inbox } = await open();
    await expect(delivery.deliver(address, mail(), LIVE)).rejects.toThrow(NoRecipient);
    expect(await inbox()).toEqual([]);
  });

  test('to a mailbox on another server is refused by that name, and stores nothing', async () => {
    const { delivery, accounts, store } = await open();
    accounts.set('far@example.net', account('far', { home: 'https://west.example.net' }));
    expect(await delivery.accepts('far@example.net', 'ada@example.com')).toBe('moved');
    await expect(delivery.deliver('far@example.net', mail(), LIVE)).rejects.toThrow(MovedAway);
    for await (const key of store.blobs.list('')) expect.unreachable(key);
  });

  test('writes its blobs before it commits', async () => {
    const order: string[] = [];
    const { delivery } = await open({
      wrap: (table) => new FaultyTable(table, { before: (operation) => void order.push(operation) }),
      blobs: (blobs) => ({
        put: async (key, bytes) => {
          await blobs.put(key, bytes);
          order.push('blob');
        },
      }),
    });
    order.length = 0;
    await delivery.deliver('alice@example.net', mail(), LIVE);
    expect(order).toContain('blob');
    expect(order.lastIndexOf('blob')).toBeLessThan(order.indexOf('transact'));
  });

  test('that dies between blob and commit leaves no item, and works when tried again', async () => {
    const crash = new Error('killed');
    let alive = false;
    const table = (inner: Table) =>
      new FaultyTable(inner, {
        before: (operation) => {
          if (operation === 'transact' && armed && !alive) throw crash;
        },
      });
    let armed = false;
    const { delivery, inbox, mailbox, store } = await open({ wrap: table });
    armed = true;
    await expect(delivery.deliver('alice@example.net', mail(), LIVE)).rejects.toThrow('killed');
    expect(await inbox()).toEqual([]);
    alive = true;
    expect(await delivery.deliver('alice@example.net', mail(), LIVE)).toMatchObject({ duplicate: false });
    const [item] = await mailbox.page(INBOX, { limit: 10 });
    expect(await store.blobs.get(item!.content.mime.blob)).toEqual(new Uint8Array(mail()));
  });

  test('whose blob cannot be written commits nothing', async () => {
    const { delivery, inbox } = await open({ blobs: () => ({ put: () => Promise.reject(new Error('disk full')) }) });
    await expect(delivery.deliver('alice@example.net', mail(), LIVE)).rejects.toThrow('disk full');
    expect(await inbox()).toEqual([]);
  });

  test('whose commit gets no answer is one item all the same', async () => {
    let lose = false;
    const write = () => {
      const fault = lose ? ('lost' as const) : undefined;
      lose = false;
      return fault;
    };
    const { delivery, inbox } = await open({ wrap: (table) => new FaultyTable(table, { write }) });
    await delivery.inbox(ALICE);
    lose = true;
    await delivery.deliver('alice@example.net', mail(), LIVE);
    expect(lose).toBe(false);
    expect(await inbox()).toEqual(['hello']);
  });
});

describe('the same message again', () => {
  test('is one item, also under another address of the same account and a new trace', async () => {
    const { delivery, inbox } = await open();
    const first = await delivery.deliver('alice@example.net', mail(), { ...LIVE, trace: 'X: 1\r\n' });
    const second = await delivery.deliver('sales@example.net', mail(), {
      ...LIVE,
      from: 'ADA@example.com',
      trace: 'X: 2\r\n',
    });
    expect(second).toEqual({ ...first, duplicate: true });
    expect(await inbox()).toEqual(['hello']);
  });

  test('two days later is still one item', async () => {
    const { delivery, inbox, clock } = await open();
    const first = await delivery.deliver('alice@example.net', mail(), LIVE);
    await clock.advance(2 * 86_400_000);
    expect(await delivery.deliver('alice@example.net', mail(), LIVE)).toEqual({ ...first, duplicate: true });
    expect(await inbox()).toHaveLength(1);
  });

  test.each(['moved', 'deleted'])('comes not back after it was %s', async (what) => {
    const { delivery, inbox, mailbox } = await open();
    const { item } = await delivery.deliver('alice@example.net', mail(), LIVE);
    if (what === 'moved') await mailbox.move(INBOX, item, TRASH);
    else await mailbox.remove(INBOX, [item]);
    expect(await delivery.deliver('alice@example.net', mail(), LIVE)).toMatchObject({ item, duplicate: true });
    expect(await inbox()).toEqual([]);
  });

  test('at the same moment is one item', async () => {
    const { delivery, inbox } = await open();
    const both = await Promise.all([1, 2, 3].map(() => delivery.deliver('alice@example.net', mail(), LIVE)));
    expect(new Set(both.map(({ item }) => item)).size).toBe(1);
    expect(both.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(await inbox()).toHaveLength(1);
  });

  test('for two accounts is an item for each', async () => {
    const { delivery, inbox, mailboxes } = await open();
    const message = await delivery.read(mail(), LIVE);
    await delivery.deliverTo('alice@example.net', message);
    const { mailbox, folder } = await delivery.deliverTo('bob@example.net', message);
    expect(await inbox()).toHaveLength(1);
    expect(await mailboxes.open(mailbox).page(folder, { limit: 9 })).toHaveLength(1);
  });
});

describe('different messages', () => {
  const all = async (delivery: Delivery, raws: readonly Uint8Array[]) => {
    const items: ItemId[] = [];
    for (const raw of raws) items.push((await delivery.deliver('alice@example.net', raw, LIVE)).item);
    return new Set(items).size;
  };

  test('of one Message-Id are all kept', async () => {
    const { delivery } = await open();
    expect(await all(delivery, [mail(), mail('', 'other'), mail('X: y\r\n')])).toBe(3);
  });

  test('that are alike to the byte, but say nothing of themselves, are all kept', async () => {
    const { delivery } = await open();
    const alert = Buffer.from('Subject: disk full\r\n\r\nnow');
    expect(await all(delivery, [alert, alert, alert])).toBe(3);
  });
});

describe('the time of a delivery', () => {
  test('is what the last server wrote, as long as that is near', async () => {
    const { delivery, mailbox } = await open();
    const near = 'Received: from a by b; Thu, 15 Jan 2026 11:59:30 +0000\r\n';
    const { item } = await delivery.deliver('alice@example.net', mail(near), LIVE);
    expect(item.slice(0, 10)).toBe(ulidTime(Date.UTC(2026, 0, 15, 11, 59, 30)));
    expect((await mailbox.page(INBOX, { limit: 1 }))[0]!.content.received).toBe(Date.UTC(2026, 0, 15, 11, 59, 30));
  });

  test('is now for a message that was long under way, so that a filter of one day shows it', async () => {
    const { delivery, clock } = await open();
    const late = Buffer.from('Message-ID: <l@x>\r\nDate: Mon, 12 Jan 2026 09:00:00 +0000\r\n\r\nx');
    const { item } = await delivery.deliver('alice@example.net', late, LIVE);
    expect(item.slice(0, 10)).toBe(ulidTime(clock.now()));
    const dated = await delivery.read(late, { ...LIVE, arrival: 'dated' });
    expect(dated.item.slice(0, 10)).toBe(ulidTime(Date.UTC(2026, 0, 12, 9)));
  });
});
