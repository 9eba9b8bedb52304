import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { withLimits } from '../mail/limits.ts';
import type { Mailboxes, NewItem } from '../mailbox/types.ts';
import type { FolderId, MailboxId } from '../ops/ids.ts';
import type { Delivery } from './deliver.ts';

export interface ImportLimits {
  /** Bytes of one file. */
  readonly fileBytes: number;
  /** Files that are read and parsed at one time. */
  readonly concurrency: number;
  /** Folders inside folders. */
  readonly depth: number;
  /** Items of one transaction. */
  readonly batchItems: number;
  /** Characters of rows in one transaction: DynamoDB takes 4 MB. */
  readonly batchChars: number;
}
export const IMPORT_LIMITS: ImportLimits = {
  fileBytes: 100 * 1024 * 1024,
  concurrency: 4,
  depth: 50,
  batchItems: 45,
  batchChars: 1_000_000,
};

export interface ImportProgress {
  readonly total: number;
  readonly done: number;
  readonly imported: number;
  /** There already: imported or delivered before. */
  readonly duplicates: number;
  readonly failed: number;
}

export interface ImportReport extends ImportProgress {
  /** Files that were not imported, and why; at most 1,000. */
  readonly failures: readonly { readonly file: string; readonly reason: string }[];
}

export interface ImportOptions {
  readonly directory: string;
  readonly mailbox: MailboxId;
  /** The Inbox by default. */
  readonly folder?: FolderId;
  /** Imported messages count as read. */
  readonly read?: boolean;
  readonly onProgress?: (progress: ImportProgress) => void;
  readonly signal?: AbortSignal;
  readonly limits?: Partial<ImportLimits>;
}

/**
 * Takes over every `.eml` file below a directory. An item's id is made from its message and the dates in it, so an
 * import that was interrupted can be started again: what is there already is left alone, also what was deleted since.
 * A file that cannot be read is counted, not fatal. @throws StoreUnavailable, the signal's reason, readdir's errors
 */
export async function importDirectory(
  services: { readonly delivery: Delivery; readonly mailboxes: Mailboxes },
  options: ImportOptions,
): Promise<ImportReport> {
  const limits = withLimits(IMPORT_LIMITS, options.limits);
  const files = await emlFiles(options.directory, limits.depth);
  const folder = options.folder ?? (await services.delivery.inbox(options.mailbox));
  const mailbox = services.mailboxes.open(options.mailbox);
  const counts = { done: 0, imported: 0, duplicates: 0, failed: 0 };
  const failures: { file: string; reason: string }[] = [];
  const report = () => options.onProgress?.({ total: files.length, ...counts });
  const batch = createBatch(limits, async (items) => {
    for (const { changed } of await mailbox.append(folder, items)) counts[changed ? 'imported' : 'duplicates']++;
    counts.done += items.length;
    report();
  });
  report();
  for (let from = 0; from < files.length; from += limits.concurrency) {
    options.signal?.throwIfAborted();
    const some = files.slice(from, from + limits.concurrency);
    const read = await Promise.all(some.map((file) => readItem(services.delivery, file, options, limits)));
    for (const [n, item] of read.entries()) {
      if (typeof item !== 'string') {
        await batch.add(item);
        continue;
      }
      counts.failed++;
      counts.done++;
      if (failures.length < MAX_FAILURES) failures.push({ file: some[n]!, reason: item });
    }
  }
  await batch.flush();
  report();
  return { total: files.length, ...counts, failures };
}

const MAX_FAILURES = 1_000;

/** Collects items until they fill a transaction. The same message twice goes into two, where the second is found. */
function createBatch(limits: ImportLimits, write: (items: readonly NewItem[]) => Promise<void>) {
  let items: NewItem[] = [];
  let chars = 0;
  const flush = async () => {
    const full = items;
    items = [];
    chars = 0;
    if (full.length > 0) await write(full);
  };
  return {
    flush,
    async add(item: NewItem) {
      const size = JSON.stringify(item.content).length;
      const twice = items.some(({ id }) => id === item.id);
      if (twice || items.length >= limits.batchItems || (items.length > 0 && chars + size > limits.batchChars)) {
        await flush();
      }
      items.push(item);
      chars += size;
    },
  };
}

/** The item with its blobs written, or why the file was left out. */
async function readItem(
  delivery: Delivery,
  file: string,
  options: ImportOptions,
  limits: ImportLimits,
): Promise<NewItem | string> {
  let raw: Uint8Array;
  let modified: number;
  try {
    const { size, mtimeMs } = await stat(file);
    if (size > limits.fileBytes) return 'too large';
    if (size === 0) return 'empty';
    modified = Math.trunc(mtimeMs);
    raw = await readFile(file);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unreadable';
  }
  const message = await delivery.read(raw, { from: '', arrival: 'dated', undated: modified });
  const item = await delivery.store(options.mailbox, message);
  return options.read ? { ...item, content: { ...item.content, read: true } } : item;
}

/** All `.eml` files in a stable order. Links are not followed: they could lead anywhere, or in a circle. */
async function emlFiles(directory: string, depth: number): Promise<readonly string[]> {
  const files: string[] = [];
  const entries = (await readdir(directory, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const file = path.join(directory, entry.name);
    if (entry.isFile() && /\.eml$/i.test(entry.name)) files.push(file);
    // One by one: a million files in one argument list would overflow the stack.
    else if (entry.isDirectory() && depth > 0) for (const inner of await emlFiles(file, depth - 1)) files.push(inner);
  }
  return files;
}
