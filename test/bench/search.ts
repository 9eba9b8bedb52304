import { statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { EmailContent } from '../../lib/mail/types.ts';
import { TableMailboxes } from '../../lib/mailbox/mailboxes.ts';
import { FolderType, type Mailbox } from '../../lib/mailbox/types.ts';
import { systemClock } from '../../lib/ops/clock.ts';
import { type MailboxId, ulidFor } from '../../lib/ops/ids.ts';
import { silentLog } from '../../lib/ops/log.ts';
import { parseQuery } from '../../lib/search/kql.ts';
import { MailSearch } from '../../lib/search/mail-search.ts';
import { SqliteSearchIndex } from '../../lib/search/sqlite/index.ts';
import { TableSearchIndex } from '../../lib/search/table/index.ts';
import type { SearchIndex } from '../../lib/search/types.ts';
import { openSqliteStore } from '../../lib/store/sqlite/open.ts';
import { type Figure, percentile } from './figures.ts';

const BULK = 45;
const WORDS = 40_000;
const ROUNDS = 30;
const OWNER = 'searched' as MailboxId;

/** The n-th word of a made-up language: pronounceable, so that words share beginnings as real ones do. */
function wordAt(n: number): string {
  let word = '';
  for (let rest = n + 20; rest > 0; rest = Math.floor(rest / 95)) {
    word += 'bcdfghjklmnprstvwxz'[rest % 19]! + 'aeiou'[Math.floor(rest / 19) % 5]!;
  }
  return word;
}

/** Words as languages have them: the n-th most frequent comes with a frequency of 1/n. The same seed, the same text. */
function* text(seed: number): Generator<string> {
  for (let state = (seed * 2_654_435_761) >>> 0 || 1; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield wordAt(Math.floor(WORDS ** (state / 2 ** 32)) - 1);
  }
}

function message(n: number): EmailContent {
  const words = text(n);
  const some = (count: number) => Array.from({ length: count }, () => words.next().value as string).join(' ');
  const subject = some(6);
  const body = some(120);
  return {
    received: Date.UTC(2024, 0, 1) + n * 600_000,
    from: `"Sender ${wordAt(n % 500)}" <s${n % 500}@example.test>`,
    to: '"Kim" <kim@example.test>',
    cc: '',
    replyTo: '',
    displayTo: 'Kim',
    subject,
    threadTopic: subject,
    importance: 1,
    messageClass: 'IPM.Note',
    conversationId: Math.floor(n / 3)
      .toString(16)
      .padStart(32, '0'),
    conversationIndex: '01d0',
    read: true,
    nativeBody: 1,
    text: { size: body.length, prefix: body },
    mime: { blob: `${OWNER}/${n}/mime`, size: 2000 },
    attachments: [],
  };
}

/** Puts the messages `from` to `from + count` into the Inbox, in bulk. */
export async function fill(mailbox: Mailbox, count: number, from = 0): Promise<void> {
  const inbox = (await mailbox.folders()).find(({ type }) => type === FolderType.Inbox)!.id;
  for (let n = from; n < from + count; n += BULK) {
    const some = Array.from({ length: Math.min(BULK, from + count - n) }, (_, i) => n + i);
    const items = some.map((i) => {
      const content = message(i);
      return { id: ulidFor(content.received, `${i}`), class: 'Email' as const, content };
    });
    await mailbox.append(inbox, items);
  }
}

const QUERIES: readonly (readonly [name: string, query: (round: number) => string])[] = [
  ['a rare word', (round) => wordAt(20_000 + round)],
  ['a frequent word', (round) => wordAt(round % 5)],
  ['a beginning of three letters', (round) => wordAt(30 + round).slice(0, 3)],
  ['three words', (round) => `${wordAt(round)} ${wordAt(100 + round)} ${wordAt(10 + round)}`],
  ['a sender', (round) => `from:s${round}@example.test`],
  ['a word within a year', (round) => `${wordAt(50 + round)} received:2024-03-01..2025-03-01`],
];

/** Searches as a phone makes them: the newest fifty with their rows, over one mailbox. */
export async function searching(count: number): Promise<Figure[]> {
  const dir = await mkdtemp(path.join(tmpdir(), 'dp-search-'));
  const store = await openSqliteStore({ dir, clock: systemClock, log: silentLog });
  try {
    const mailboxes = new TableMailboxes({ table: store.table, blobs: store.blobs, clock: systemClock });
    const mailbox = await mailboxes.create(OWNER);
    await fill(mailbox, count);
    const common = { mailboxes, blobs: store.blobs, clock: systemClock, log: silentLog };
    const index = new SqliteSearchIndex({ dir: path.join(dir, 'search') });
    const figures = await measure(new MailSearch({ ...common, index }), mailbox, index, count, { atMost: 100 });
    const file = path.join(dir, 'search', `${OWNER}.sqlite`);
    figures.push({ name: 'search: index file', value: statSync(file).size / 2 ** 20, unit: 'MB' });
    return figures;
  } finally {
    await store.close();
    await rm(dir, { recursive: true, force: true });
  }
}

/** The same with the inverted index in tables, whose reads are SQLite's here: what is left to see is its own work. */
export async function searchingTables(count: number): Promise<Figure[]> {
  const dir = await mkdtemp(path.join(tmpdir(), 'dp-search-'));
  const store = await openSqliteStore({ dir, clock: systemClock, log: silentLog });
  try {
    const mailboxes = new TableMailboxes({ table: store.table, blobs: store.blobs, clock: systemClock });
    const mailbox = await mailboxes.create(OWNER);
    await fill(mailbox, count);
    const index = new TableSearchIndex(store.table);
    const common = { mailboxes, blobs: store.blobs, clock: systemClock, log: silentLog };
    return await measure(new MailSearch({ ...common, index }), mailbox, index, count);
  } finally {
    await store.close();
    await rm(dir, { recursive: true, force: true });
  }
}

async function measure(
  search: MailSearch,
  mailbox: Mailbox,
  index: SearchIndex,
  count: number,
  target?: Figure['target'],
): Promise<Figure[]> {
  const kind = index.batch === 1 ? 'search' : 'search in tables';
  const started = performance.now();
  while (!(await search.indexer.catchUp(mailbox, 1000)).complete);
  const seconds = (performance.now() - started) / 1000;
  const figures: Figure[] = [{ name: `${kind}: messages indexed a second`, value: count / seconds, unit: '/s' }];
  const all: number[] = [];
  for (const [name, query] of QUERIES) {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const from = performance.now();
      await search.search(mailbox, parseQuery(query(round)), { from: 0, to: 49 });
      times.push(performance.now() - from);
    }
    all.push(...times);
    figures.push({ name: `${kind}: ${name}, p50`, value: percentile(times, 0.5), unit: 'ms' });
  }
  figures.push({ name: `${kind}: all of ${count} messages, p50`, value: percentile(all, 0.5), unit: 'ms', target });
  figures.push({ name: `${kind}: all of ${count} messages, p95`, value: percentile(all, 0.95), unit: 'ms' });
  return figures;
}
