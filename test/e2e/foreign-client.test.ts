/** Days of a phone whose client others wrote (pyactivesync): its documents, its HTTP, its TLS, over the private authority. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { pyactivesyncInstalled } from '../support/codecs/pyactivesync.ts';
import { type ForeignPhone, foreignPhone } from '../support/codecs/pyactivesync-phone.ts';
import { temporaryFolder } from '../support/make-store.ts';
import { PASSWORD, type Server, startServer } from './harness.ts';
import { until } from './shared.ts';

interface Folder {
  readonly id: string;
  readonly type: number;
  readonly name: string;
}
interface Item {
  readonly server_id: string;
  readonly fields: Readonly<Record<string, string>>;
}
interface Synced {
  readonly sync_key: string;
  readonly added: readonly Item[];
  readonly changed: readonly Item[];
  readonly deleted: readonly string[];
  readonly more_available: boolean;
}
interface Fetched {
  readonly fields: Readonly<Record<string, string>>;
  readonly bodies: readonly { readonly type: number; readonly data: string }[];
  readonly attachments: readonly { readonly file_reference: string; readonly display_name: string }[];
}

const INBOX = 2;
const DRAFTS = 3;
const DELETED = 4;
const SENT = 5;

async function open(user = 'kim@example.test', running?: Server) {
  const server = running ?? (await startServer({ tls: true }));
  const ca = path.join(await temporaryFolder(), 'ca.pem');
  await writeFile(ca, server.ca!);
  const phone = foreignPhone({
    server: new URL(server.httpsUrl!).host,
    user,
    password: PASSWORD,
    deviceId: `foreign${user.length}`,
    ca,
  });
  onTestFinished(() => phone.close());
  const folders = await phone.call<Folder[]>('list_folders');
  const folder = (type: number) => folders.find((one) => one.type === type)!.id;
  return { server, phone, folder };
}

/** From key 0 until nothing is left, in windows of two. */
async function drain(phone: ForeignPhone, folder: string) {
  const items: Item[] = [];
  let key = '0';
  for (let more = true; more; ) {
    const began = key === '0';
    const step = await phone.call<Synced>('sync_folder', [folder, key], { window_size: 2 });
    items.push(...step.added);
    more = began || step.more_available;
    key = step.sync_key;
  }
  return { items, key };
}

const letter = (to: string, subject: string, more = '') =>
  [
    'From: Kim <kim@example.test>',
    `To: ${to}`,
    `Subject: ${subject}`,
    'MIME-Version: 1.0',
    ...(more ? [more] : ['Content-Type: text/plain; charset=utf-8', '', 'How are you?', '']),
  ].join('\r\n');

const WITH_FILE = [
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'See the file.',
  '--b',
  'Content-Type: application/octet-stream',
  'Content-Disposition: attachment; filename=bytes.bin',
  'Content-Transfer-Encoding: base64',
  '',
  Buffer.from([0, 1, 2, 255, 254]).toString('base64'),
  '--b--',
  '',
].join('\r\n');

if (!pyactivesyncInstalled) console.warn('SKIPPED the client of others: .ci/install-codecs installs it');

describe.skipIf(!pyactivesyncInstalled)('a client that others wrote', { timeout: 120_000 }, () => {
  it('waits in a Ping that a message ends, and gets the message by Sync', async () => {
    const { server, phone, folder } = await open();
    const inbox = folder(INBOX);
    const before = await drain(phone, inbox);
    expect(before.items).toEqual([]);
    const ping = phone.call<{ status: string; changed_folder_ids: string[] }>('ping', [[inbox]], { heartbeat: 300 });
    await until(() => server.holder.held === 1);
    await server.send({ subject: 'Grüße', text: 'It works.' });
    expect(await ping).toEqual({ status: '2', changed_folder_ids: [inbox] });
    const { added, sync_key } = await phone.call<Synced>('sync_folder', [inbox, before.key]);
    expect(added.map(({ fields }) => fields['Email.Subject'])).toEqual(['Grüße']);
    expect(await phone.call('get_item_estimate', [inbox, sync_key])).toBe(0);
    expect((await phone.call<Synced>('sync_folder', [inbox, sync_key])).sync_key).toBe(sync_key);
  });

  it('gets a mailbox in windows, reads bodies in every form, marks, flags and deletes', async () => {
    const { server, phone, folder } = await open();
    const inbox = folder(INBOX);
    for (const n of [1, 2, 3, 4, 5]) await server.send({ subject: `m${n}`, text: 'plain', html: '<p>rich</p>' });
    const { items, key } = await drain(phone, inbox);
    const ids = new Map(items.map(({ fields, server_id }) => [fields['Email.Subject'], server_id]));
    expect([...ids.keys()].sort()).toEqual(['m1', 'm2', 'm3', 'm4', 'm5']);
    expect(items).toHaveLength(5);
    const [first, second, third] = [ids.get('m5'), ids.get('m4'), ids.get('m3')];
    const bodies: string[] = [];
    for (const type of [1, 2, 4]) {
      const { bodies: got } = await phone.call<Fetched>('fetch_item', [inbox, first], { body_type: type });
      const { data } = got[0]!;
      bodies.push(type === 4 ? Buffer.from(data, 'base64').toString('latin1') : data);
    }
    expect(bodies).toEqual([
      expect.stringMatching(/^plain\s*$/),
      expect.stringContaining('<p>rich</p>'),
      expect.stringMatching(/^Return-Path: [\s\S]*\r\nSubject: m5\r\n/),
    ]);
    const changes = [
      { $change: { server_id: first, read: true } },
      { $change: { server_id: second, flagged: true } },
      { $change: { server_id: third, delete: true } },
    ];
    const applied = await phone.call<{ sync_key: string; statuses: object }>('apply_email_changes', [
      inbox,
      key,
      changes,
    ]);
    expect(Object.values(applied.statuses)).toEqual(['1', '1', '1']);
    const read = async (item?: string) => (await phone.call<Fetched>('fetch_item', [inbox, item])).fields;
    expect(await read(first)).toMatchObject({ 'Email.Read': '1' });
    expect(await read(second)).toMatchObject({ 'Email.Status': '2', 'Email.FlagType': 'Flag for follow up' });
    expect((await drain(phone, folder(DELETED))).items.map(({ fields }) => fields['Email.Subject'])).toEqual(['m3']);
    // What it changed itself is not told to it again.
    const { added, changed, deleted } = await phone.call<Synced>('sync_folder', [inbox, applied.sync_key]);
    expect([added, changed, deleted]).toEqual([[], [], []]);
  });

  it('makes, renames and deletes a folder, and moves a message into it', async () => {
    const { server, phone, folder } = await open();
    await server.send({ subject: 'to be kept' });
    const { items } = await drain(phone, folder(INBOX));
    const made = await phone.call<Folder>('create_folder', ['Projects']);
    await phone.call('update_folder', [made.id, 'Old projects']);
    const moved = await phone.call<string>('move_item', [items[0]!.server_id, folder(INBOX), made.id]);
    expect((await drain(phone, made.id)).items).toMatchObject([
      { server_id: moved, fields: { 'Email.Subject': 'to be kept' } },
    ]);
    const names = async () => (await phone.call<Folder[]>('list_folders')).map(({ name }) => name);
    expect(await names()).toContain('Old projects');
    await phone.call('delete_folder', [made.id]);
    expect(await names()).not.toContain('Old projects');
  });

  it('sends a message to somebody here, who waits in a Ping, and keeps a copy', async () => {
    const { server, phone, folder } = await open();
    await server.domain.accounts.create({ address: 'lee@example.test', name: 'Lee', password: PASSWORD });
    const lee = await open('lee@example.test', server);
    const before = await drain(lee.phone, lee.folder(INBOX));
    const ping = lee.phone.call<{ status: string }>('ping', [[lee.folder(INBOX)]], { heartbeat: 300 });
    await until(() => server.holder.held === 1);
    await phone.call('send_mail', [{ $message: letter('lee@example.test', 'Lunch?') }], { client_id: 'once' });
    expect((await ping).status).toBe('2');
    const { added } = await lee.phone.call<Synced>('sync_folder', [lee.folder(INBOX), before.key]);
    expect(added.map(({ fields }) => fields['Email.Subject'])).toEqual(['Lunch?']);
    expect((await drain(phone, folder(SENT))).items.map(({ fields }) => fields['Email.Subject'])).toEqual(['Lunch?']);
    const again = phone.call('send_mail', [{ $message: letter('lee@example.test', 'Lunch?') }], { client_id: 'once' });
    await expect(again).rejects.toThrow(/118/);
  });

  it('stores a draft as MIME with its attachment, and gets the bytes back', async () => {
    const { phone, folder } = await open();
    const drafts = folder(DRAFTS);
    const { key } = await drain(phone, drafts);
    const message = { $message: letter('lee@example.test', 'Not yet', WITH_FILE) };
    const made = await phone.call<{ status: string; server_id: string }>('create_email_draft', [drafts, key, message]);
    expect(made.status).toBe('1');
    const { fields, attachments } = await phone.call<Fetched>('fetch_item', [drafts, made.server_id]);
    expect(fields).toMatchObject({ 'Email.Subject': 'Not yet' });
    expect(attachments.map(({ display_name }) => display_name)).toEqual(['bytes.bin']);
    const bytes = await phone.call<string>('fetch_attachment', [attachments[0]!.file_reference]);
    expect([...Buffer.from(bytes, 'base64')]).toEqual([0, 1, 2, 255, 254]);
  });

  it('finds messages and people', async () => {
    const { server, phone, folder } = await open();
    await server.domain.accounts.create({ address: 'lee@example.test', name: 'Lee Smith', password: PASSWORD });
    await server.send({ subject: 'Invoice', text: 'of November' });
    await server.send({ subject: 'Holidays' });
    const inbox = folder(INBOX);
    const after = { date_received_after: '2020-01-01T00:00:00.000Z' };
    expect(await phone.call('search_mailbox', [inbox], after)).toHaveLength(2);
    const found = await phone.call<{ items: Item[] }>('find_mailbox', ['november'], { folder_id: inbox });
    expect(found.items.map(({ fields }) => fields['Email.Subject'])).toEqual(['Invoice']);
    const lee = { email_address: 'lee@example.test', display_name: 'Lee Smith' };
    expect(await phone.call('search_gal', ['Smith'])).toMatchObject([lee]);
    expect(await phone.call('resolve_recipients', ['lee@example.test'])).toMatchObject([lee]);
    const { items } = await phone.call<{ items: Item[] }>('find_gal', ['Smith']);
    expect(items.map(({ fields }) => fields['GAL.EmailAddress'])).toEqual(['lee@example.test']);
  });

  it('says that its owner is away, and reads it back', async () => {
    const { phone } = await open();
    await phone.call('set_oof', [], { state: 1, reply_message: 'Back on Monday.' });
    const oof = await phone.call<{ state: number; messages: object[] }>('get_oof');
    expect(oof.state).toBe(1);
    expect(oof.messages).toHaveLength(3);
    for (const message of oof.messages) {
      expect(message).toMatchObject({ enabled: true, reply_message: 'Back on Monday.' });
    }
  });

  it('is not let in with a wrong password, and does not trust a server of another authority', async () => {
    const { server, phone } = await open();
    await server.domain.accounts.create({ address: 'max@example.test', password: 'another password of Max' });
    await expect(open('max@example.test', server)).rejects.toThrow(/401/);
    const other = await startServer({ tls: true });
    const ca = path.join(await temporaryFolder(), 'other.pem');
    await writeFile(ca, other.ca!);
    const stranger = foreignPhone({
      server: new URL(server.httpsUrl!).host,
      user: 'kim@example.test',
      password: PASSWORD,
      deviceId: 'stranger',
      ca,
    });
    onTestFinished(() => stranger.close());
    await expect(stranger.call('list_folders')).rejects.toThrow(/SSLError|certificate/i);
    expect(await phone.call('list_folders')).not.toHaveLength(0);
  });
});
