import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { emailClass } from '../../lib/commands/sync/email.ts';
import { createSyncCommand } from '../../lib/commands/sync.ts';
import { SyncRequest, SyncResponse } from '../../lib/documents/sync.ts';
import type { Account, Device } from '../../lib/identity/types.ts';
import { TableMailboxes } from '../../lib/mailbox/mailboxes.ts';
import { FolderType } from '../../lib/mailbox/types.ts';
import { systemClock } from '../../lib/ops/clock.ts';
import type { DeviceId, MailboxId } from '../../lib/ops/ids.ts';
import { silentLog } from '../../lib/ops/log.ts';
import type { CommandContext } from '../../lib/protocol/command.ts';
import { openSqliteStore } from '../../lib/store/sqlite/open.ts';
import { SyncNews } from '../../lib/sync/news.ts';
import { SyncStates } from '../../lib/sync/states.ts';
import { decode, encode } from '../../lib/wbxml/index.ts';
import { countingTable } from '../support/counting-table.ts';
import { type Figure, percentile } from './figures.ts';
import { fill } from './search.ts';

const VERSION = 161;
const DEVICE = 'bench' as DeviceId;
const CHANGES = 10;
const ROUNDS = 200;
const WARM = 20;

interface Cost {
  /** Rows that one Sync read; of every round the same, or the greatest. */
  readonly rows: number;
  readonly ms: number;
}

/** What ten new messages cost a phone that is up to date, in a small mailbox and in a large one. */
export async function incremental(small: number, large: number): Promise<Figure[]> {
  const [few, many] = [await syncsOf(small), await syncsOf(large)];
  return [
    { name: `Sync of ${CHANGES} changes, ${small} messages: rows read`, value: few.rows, unit: '' },
    { name: `... ${large} messages`, value: many.rows, unit: '', target: { atMost: few.rows } },
    { name: `... time with ${small}, median`, value: few.ms, unit: 'ms' },
    { name: `... times that with ${large}`, value: many.ms / few.ms, unit: 'x', target: { atMost: 1.3 } },
  ];
}

async function syncsOf(messages: number): Promise<Cost> {
  const dir = await mkdtemp(path.join(tmpdir(), 'dp-incremental-'));
  const store = await openSqliteStore({ dir, clock: systemClock, log: silentLog });
  try {
    const { table, rows } = countingTable(store.table);
    const mailboxes = new TableMailboxes({ table, blobs: store.blobs, clock: systemClock });
    const mailbox = await mailboxes.create('grown' as MailboxId);
    const inbox = (await mailbox.folders()).find(({ type }) => type === FolderType.Inbox)!.id;
    await fill(mailbox, messages);
    const states = new SyncStates(table);
    const news = new SyncNews(states, systemClock);
    const command = createSyncCommand({ table, states, news, classes: [emailClass(store.blobs)] });
    const context = {
      version: VERSION,
      account: { id: mailbox.id } as Account,
      mailbox,
      device: { id: DEVICE, type: 'Phone', firstSeen: 0, lastSeen: 0 } as Device,
      query: { command: 'Sync', deviceId: DEVICE, deviceType: 'Phone', encoding: 'plain' },
      lane: 'task',
      requestId: 'bench',
      clock: systemClock,
      log: silentLog,
      signal: new AbortController().signal,
    } as unknown as CommandContext;
    let syncKey = '0';
    /** One exchange as bytes; how many messages it brought. */
    const sync = async (): Promise<number> => {
      const Options = [{ FilterType: 0, BodyPreference: [{ Type: 1, TruncationSize: 500 }] }];
      const collection = { SyncKey: syncKey, CollectionId: inbox, WindowSize: 512, Options };
      const request = { Collections: { Collection: [collection] } } as SyncRequest;
      const result = await command.run(context, decode(SyncRequest, encode(SyncRequest, request, VERSION), VERSION));
      if (result.kind === 'empty') return 0;
      if (result.kind !== 'document') throw new Error(`a Sync was answered with ${result.kind}`);
      const answer = decode(SyncResponse, encode(SyncResponse, result.document, VERSION), VERSION);
      const [answered] = answer.Collections?.Collection ?? [];
      if (answered?.Status !== 1) throw new Error(`a Sync had status ${answered?.Status}`);
      syncKey = answered.SyncKey!;
      return answered.Commands?.length ?? 0;
    };
    await sync();
    while ((await sync()) > 0);
    const times: number[] = [];
    let most = 0;
    for (let round = 0; round < WARM + ROUNDS; round++) {
      await fill(mailbox, CHANGES, messages + round * CHANGES);
      const [read, began] = [rows(), performance.now()];
      const brought = await sync();
      if (brought !== CHANGES) throw new Error(`${brought} of ${CHANGES} changes came`);
      if (round < WARM) continue;
      times.push(performance.now() - began);
      most = Math.max(most, rows() - read);
    }
    return { rows: most, ms: percentile(times, 0.5) };
  } finally {
    await store.close();
    await rm(dir, { recursive: true, force: true });
  }
}
