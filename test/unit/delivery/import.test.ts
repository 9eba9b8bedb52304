import { createHash } from 'node:crypto';
import { mkdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createDelivery } from '../../../lib/delivery/deliver.ts';
import { type ImportOptions, type ImportProgress, importDirectory } from '../../../lib/delivery/import.ts';
import { type FolderId, ulidFor } from '../../../lib/ops/ids.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { StoreUnavailable, type Table } from '../../../lib/store/ports.ts';
import { FaultyTable } from '../../support/faulty-table.ts';
import { ALICE, INBOX, openTestMailbox, TRASH } from '../../support/mailboxes.ts';
import { temporaryFolder } from '../../support/stores.ts';

async function open(wrap?: (table: Table) => Table) {
  const test = await openTestMailbox({ wrap });
  const { mailboxes, store, clock } = test;
  const services = { mailboxes, table: store.table, blobs: store.blobs, clock, log: silentLog };
  const delivery = createDelivery({ directory: { byAddress: async () => undefined }, ...services });
  const directory = await temporaryFolder();
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const run = (over: Partial<ImportOptions> = {}) =>
    importDirectory({ delivery, mailboxes }, { directory, mailbox: ALICE, ...over });
  const subjects = async (folder: FolderId = INBOX) =>
    (await test.mailbox.page(folder, { limit: 1_000 })).map(({ content }) => content.subject);
  const write = async (name: string, text: string) => {
    await mkdir(path.dirname(path.join(directory, name)), { recursive: true });
    await writeFile(path.join(directory, name), text);
  };
  return { ...test, directory, run, subjects, write };
}
const mail = (n: number | string, day = 10) =>
  `Message-ID: <${n}@x>\r\nDate: ${day} Jan 2026 10:00:00 +0000\r\nSubject: ${n}\r\n\r\nbody`;

describe('an import', () => {
  test('takes every .eml file of a tree, newest first in the folder', async () => {
    const { run, subjects, write } = await open();
    await write('b.eml', mail('b', 11));
    await write('a/deep/A.EML', mail('a', 12));
    await write('a/note.txt', 'no mail');
    const report = await run();
    expect(report).toEqual({ total: 2, done: 2, imported: 2, duplicates: 0, failed: 0, failures: [] });
    expect(await subjects()).toEqual(['a', 'b']);
  });

  test('again finds everything there, also what was moved or deleted since', async () => {
    const { run, subjects, write, mailbox } = await open();
    for (const n of [1, 2, 3]) await write(`${n}.eml`, mail(n, 10 + n));
    await run();
    const [newest, middle] = await mailbox.page(INBOX, { limit: 3 });
    await mailbox.remove(INBOX, [newest!.id]);
    await mailbox.move(INBOX, middle!.id, TRASH);
    expect(await run()).toMatchObject({ imported: 0, duplicates: 3 });
    expect(await subjects()).toEqual(['1']);
  });

  test('that was interrupted goes on where it stopped', async () => {
    let left = Number.POSITIVE_INFINITY;
    const { run, subjects, write } = await open(
      (table) =>
        new FaultyTable(table, {
          before: (operation) => {
            if (operation === 'transact' && left-- <= 0) throw new StoreUnavailable();
          },
        }),
    );
    for (let n = 0; n < 20; n++) await write(`${n}.eml`, mail(n));
    left = 2;
    await expect(run({ limits: { batchItems: 5 } })).rejects.toThrow(StoreUnavailable);
    expect(await subjects()).toHaveLength(10);
    left = Number.POSITIVE_INFINITY;
    expect(await run({ limits: { batchItems: 5 } })).toMatchObject({ imported: 10, duplicates: 10 });
    expect(await subjects()).toHaveLength(20);
  });

  test('writes many in one transaction', async () => {
    const { run, write, mailbox } = await open();
    for (let n = 0; n < 100; n++) await write(`${n}.eml`, mail(n));
    await run();
    expect(await mailbox.folder(INBOX)).toMatchObject({ seq: 3, count: 100, unread: 100 });
  });

  test('keeps a transaction of large rows small', async () => {
    const { run, write, mailbox } = await open();
    for (let n = 0; n < 10; n++) await write(`${n}.eml`, `${mail(n)}${'x'.repeat(3_000)}`);
    await run({ limits: { batchChars: 8_000 } });
    expect((await mailbox.folder(INBOX))!.seq).toBe(5);
  });

  test('of the same message in two files is one item', async () => {
    const { run, write, subjects } = await open();
    await write('1.eml', mail('same'));
    await write('2.eml', mail('same'));
    expect(await run()).toMatchObject({ done: 2, imported: 1, duplicates: 1 });
    expect(await subjects()).toEqual(['same']);
  });

  test('of a file with bare line feeds keeps it with CRLF, and again finds it', async () => {
    const { run, write, mailbox, store } = await open();
    const text = mail('a').replaceAll('\r', '');
    await write('a.eml', text);
    expect(await run()).toMatchObject({ imported: 1 });
    const [item] = await mailbox.page(INBOX, { limit: 1 });
    const { blob, size } = item!.content.mime;
    const kept = Buffer.from((await store.blobs.get(blob))!).toString();
    expect([kept, size]).toEqual([mail('a'), kept.length]);
    expect(await run()).toMatchObject({ imported: 0, duplicates: 1 });
    // Known by the bytes of the file, as it was before line ends were changed.
    const key = createHash('sha256')
      .update(JSON.stringify(['<a@x>', '']))
      .update(text)
      .digest('hex');
    expect(item!.id).toBe(ulidFor(Date.UTC(2026, 0, 10, 10), key));
  });

  test('dates a message that says nothing by its file, so that it is the same next time', async () => {
    const { run, write, mailbox, directory, clock } = await open();
    await write('a.eml', 'Subject: a\r\n\r\nx');
    const at = new Date(Date.UTC(2025, 5, 1));
    await utimes(path.join(directory, 'a.eml'), at, at);
    await run();
    await clock.advance(1_000);
    expect(await run()).toMatchObject({ duplicates: 1 });
    expect((await mailbox.page(INBOX, { limit: 1 }))[0]!.content.received).toBe(at.getTime());
  });

  test('counts what it cannot take and goes on', async () => {
    const { run, write, directory, subjects } = await open();
    await write('a.eml', mail('a'));
    await write('big.eml', `${mail('big')}${'x'.repeat(1_000)}`);
    await write('empty.eml', '');
    await symlink(path.join(directory, 'a.eml'), path.join(directory, 'link.eml'));
    await symlink(directory, path.join(directory, 'circle'));
    const report = await run({ limits: { fileBytes: 500 } });
    expect(report).toMatchObject({ total: 3, done: 3, imported: 1, failed: 2 });
    expect(report.failures.map(({ file, reason }) => [path.basename(file), reason])).toEqual([
      ['big.eml', 'too large'],
      ['empty.eml', 'empty'],
    ]);
    expect(await subjects()).toEqual(['a']);
  });

  test('may go to another folder and count as read', async () => {
    const { run, write, mailbox, subjects } = await open();
    await write('a.eml', mail('a'));
    await run({ folder: TRASH, read: true });
    expect(await subjects(TRASH)).toEqual(['a']);
    expect(await mailbox.folder(TRASH)).toMatchObject({ count: 1, unread: 0 });
  });

  test('tells how far it is', async () => {
    const { run, write } = await open();
    for (let n = 0; n < 7; n++) await write(`${n}.eml`, mail(n));
    const seen: ImportProgress[] = [];
    await run({ limits: { batchItems: 3, concurrency: 2 }, onProgress: (progress) => seen.push(progress) });
    expect(seen.map(({ done }) => done)).toEqual([0, 3, 6, 7, 7]);
    expect(seen.every(({ total }) => total === 7)).toBe(true);
  });

  test('stops when it is told to', async () => {
    const { run, write, subjects } = await open();
    await write('a.eml', mail('a'));
    await expect(run({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    expect(await subjects()).toEqual([]);
  });

  test('of a directory that is not there says so', async () => {
    const { run, directory } = await open();
    await expect(run({ directory: path.join(directory, 'none') })).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
