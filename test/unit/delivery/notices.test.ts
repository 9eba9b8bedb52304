import { describe, expect, test } from 'vitest';
import { createDelivery } from '../../../lib/delivery/deliver.ts';
import { deviceNotice, quotaNotice, size } from '../../../lib/delivery/notice-texts.ts';
import { createNotices } from '../../../lib/delivery/notices.ts';
import type { Account, Device } from '../../../lib/identity/types.ts';
import type { DeviceId } from '../../../lib/ops/ids.ts';
import { type LogFields, silentLog } from '../../../lib/ops/log.ts';
import { ALICE, INBOX, openTestMailbox } from '../../support/mailboxes.ts';
import { STORES, type StoreKind } from '../../support/stores.ts';

const ACCOUNT = { id: ALICE, address: 'alice@example.com', aliases: [], enabled: true, quota: { items: 0 } };
const DEVICE: Device = {
  id: 'p1' as DeviceId,
  type: 'iPhone',
  information: { model: 'iPhone14C2', friendlyName: 'Alice’s\r\nBcc: all@example.com' },
  firstSeen: 1,
  lastSeen: 1,
  notice: { about: 'quarantine', at: 7 },
};

async function open(kind?: StoreKind) {
  const { store, clock, mailboxes, mailbox } = await openTestMailbox({ kind });
  const { table, blobs } = store;
  const lines: [string, LogFields | undefined][] = [];
  const log = {
    ...silentLog,
    info: (event: string, fields?: LogFields) => void lines.push([event, fields]),
    warn: (event: string, fields?: LogFields) => void lines.push([event, fields]),
  };
  const account = ACCOUNT as unknown as Account;
  const directory = { byAddress: async () => account, get: async () => account };
  const delivery = createDelivery({ directory, mailboxes, table, blobs, clock, log: silentLog });
  const saved: unknown[] = [];
  const devices = {
    replace: async (_: unknown, was: Device, name: string, patch: Partial<Device>) => {
      saved.push([name, patch]);
      return { replaced: true, device: { ...was, ...patch } };
    },
  };
  const services = { delivery, mailboxes, devices, directory, clock, log, hostname: 'mail.example.com' };
  const inbox = async () => (await mailbox.page(INBOX, { limit: 10 })).map(({ content }) => content);
  return { services, notices: createNotices(services), account, inbox, saved, lines };
}

describe.each(STORES)('a notice on %s', (kind) => {
  test('of a device comes once, full mailbox or not, and is settled', async () => {
    const { notices, account, inbox, saved } = await open(kind);
    await notices.device(account, DEVICE);
    await notices.device(account, DEVICE);
    const [mail, ...more] = await inbox();
    expect(more).toEqual([]);
    expect(mail).toMatchObject({
      subject: 'A device waits for approval',
      from: expect.stringContaining('postmaster@mail.example.com') as string,
      read: false,
    });
    expect(mail!.text.prefix).toContain('Model: iPhone14C2');
    const settled = ['notice', { notice: undefined }];
    expect(saved).toEqual([settled, settled]);
  });

  test('of a device comes again when it is shut out another time', async () => {
    const { notices, account, inbox } = await open(kind);
    await notices.device(account, DEVICE);
    await notices.device(account, { ...DEVICE, notice: { about: 'block', at: 8 } });
    expect((await inbox()).map(({ subject }) => subject).sort()).toEqual([
      'A device waits for approval',
      'A device was refused',
    ]);
  });

  test('of a mailbox that is nearly full comes once, from however many processes', async () => {
    const { services, inbox } = await open(kind);
    const usage = { bytes: 950, items: 3, quota: { bytes: 1000 } };
    await Promise.all([1, 2, 3].map(() => createNotices(services).quota(ALICE, usage)));
    const mails = await inbox();
    expect(mails.map(({ subject }) => subject)).toEqual(['Your mailbox is nearly full']);
    expect(mails[0]!.text.prefix).toContain('950 bytes of 1000 bytes');
  });
});

describe('a notice', () => {
  test('that is not due is not written', async () => {
    const { notices, account, inbox } = await open();
    await notices.device(account, { ...DEVICE, notice: undefined });
    expect(await inbox()).toEqual([]);
  });

  test('that cannot be delivered fails nobody, and is told by its kind alone', async () => {
    const { services, account, lines, saved } = await open();
    const broken = { ...services.delivery, store: async () => Promise.reject(new Error('no disk: secret')) };
    await createNotices({ ...services, delivery: broken }).device(account, DEVICE);
    expect(saved).toEqual([]);
    expect(JSON.stringify(lines)).toContain('notice failed');
    expect(JSON.stringify(lines)).not.toContain('secret');
  });

  test('shows one line of what a device says of itself', () => {
    const { lines } = deviceNotice(DEVICE, 'block');
    expect(lines).toContain('  Name: Alice’s Bcc: all@example.com');
    expect(deviceNotice({ ...DEVICE, type: 'x'.repeat(1000) }, 'block').lines.join('\n').length).toBeLessThan(600);
  });

  test('names only the limits that there are', () => {
    const text = quotaNotice({ bytes: 1536, items: 9, quota: { items: 10 } }).lines.join('\n');
    expect(text).toContain('9 of 10 items');
    expect(text).not.toContain('KB');
  });
});

test.each([
  [0, '0 bytes'],
  [1023, '1023 bytes'],
  [1536, '1.5 KB'],
  [5 * 2 ** 30, '5.0 GB'],
  [2 ** 60, '1048576.0 TB'],
])('%d bytes are written %s', (bytes, text) => {
  expect(size(bytes)).toBe(text);
});
