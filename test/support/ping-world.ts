/** A mailbox, a Ping command over it and a holder; what Sync and FolderSync would know is set by the test. */
import { createPing } from '../../lib/commands/ping.ts';
import type { PingOptions } from '../../lib/commands/ping-parameters.ts';
import { PingRequest, PingResponse } from '../../lib/documents/ping.ts';
import type { EasResponse } from '../../lib/http/types.ts';
import { deviceOf } from '../../lib/identity/device-rows.ts';
import type { Account, Device } from '../../lib/identity/types.ts';
import type { Mailbox } from '../../lib/mailbox/types.ts';
import type { DeviceId, FolderId } from '../../lib/ops/ids.ts';
import { silentLog } from '../../lib/ops/log.ts';
import type { Command, CommandContext, CommandResult } from '../../lib/protocol/command.ts';
import type { ProtocolVersion } from '../../lib/protocol/versions.ts';
import { createHolder } from '../../lib/push/hold.ts';
import type { HoldOptions } from '../../lib/push/options.ts';
import type { Holder } from '../../lib/push/types.ts';
import { followFeed } from '../../lib/push/wake.ts';
import type { Table } from '../../lib/store/ports.ts';
import { keys } from '../../lib/store/schema.ts';
import type { NewsKind } from '../../lib/sync/types.ts';
import { decode, encode } from '../../lib/wbxml/index.ts';
import { type FakeClock, settle } from './fake-clock.ts';
import { createInProcessTransport } from './in-process-transport.ts';
import { openTestMailbox } from './mailboxes.ts';

export const PHONE = 'phone' as DeviceId;

export interface PingWorld {
  readonly clock: FakeClock;
  readonly table: Table;
  readonly mailbox: Mailbox;
  readonly command: Command<PingRequest, PingResponse>;
  readonly holder: Holder;
  /** What Sync would have, by folder; `none` where nothing is set. */
  readonly news: Map<string, NewsKind>;
  /** What FolderSync would say. */
  hierarchy: { upToDate: boolean };
  /** How often the sync states were asked for news. */
  looks: number;
  context(over?: Partial<CommandContext>): CommandContext;
  /** Sends a Ping as bytes and back, and gives what it was answered, once it is. */
  ping(request?: PingRequest, over?: Partial<CommandContext>): Promise<Answer>;
  /** Transactions on the device's row since the last call. */
  memoryWrites(): number;
}

export interface Answer {
  document: PingResponse | undefined;
  /** The body, as sent. */
  bytes: Uint8Array | undefined;
}

export async function openPingWorld(
  options: Partial<PingOptions> = {},
  hold: Partial<HoldOptions> = {},
): Promise<PingWorld> {
  let written = 0;
  const counted = (inner: Table): Table => ({
    get: (key, consistency) => inner.get(key, consistency),
    batchGet: (wanted, consistency) => inner.batchGet(wanted, consistency),
    query: (query) => inner.query(query),
    transact: (writes) => {
      if (writes.some((write) => write.op === 'update' && write.key.sk.startsWith('D#'))) written++;
      return inner.transact(writes);
    },
  });
  let table!: Table;
  const wrap = (inner: Table) => {
    table = counted(inner);
    return table;
  };
  const { clock, mailbox, store } = await openTestMailbox({ wrap });
  const { pk, sk } = keys.device(mailbox.id, PHONE);
  await table.transact([{ op: 'put', table: 'devices', row: { pk, sk, type: 'Phone', policyKey: '7' } }]);
  const news = new Map<string, NewsKind>();
  const world = { hierarchy: { upToDate: true }, looks: 0 };
  const command = createPing({
    table,
    mailboxes: { open: () => mailbox },
    log: silentLog,
    options,
    news: {
      look: async (_mailbox, _device, folders) => {
        world.looks++;
        return new Map(folders.map((folder) => [folder, news.get(folder) ?? 'none']));
      },
    },
    hierarchy: { upToDate: async () => world.hierarchy.upToDate },
  });
  const holder = createHolder({
    table,
    clock,
    log: silentLog,
    task: 'task',
    epoch: 'boot',
    transport: createInProcessTransport(),
    options: hold,
    random: () => 0.5,
  });
  followFeed(store.feed, holder);
  const context = (over: Partial<CommandContext> = {}): CommandContext => ({
    version: 141,
    account: { id: mailbox.id } as Account,
    mailbox,
    device: { id: PHONE, type: 'Phone', firstSeen: 0, lastSeen: 0 } as Device,
    query: { command: 'Ping', deviceId: PHONE, deviceType: 'Phone', encoding: 'plain' },
    policyKey: undefined,
    userAgent: undefined,
    lane: 'task',
    requestId: 'test',
    clock,
    log: silentLog,
    signal: new AbortController().signal,
    ...over,
  });
  const ping = async (request?: PingRequest, over: Partial<CommandContext> = {}): Promise<Answer> => {
    const asked = context(over);
    // The device of a request is as its row says when the request is let in.
    const row = await table.get(keys.device(mailbox.id, asked.device.id), 'strong');
    const given = { ...asked, device: { ...asked.device, ping: row && deviceOf(row).ping } };
    const answer: Answer = { document: undefined, bytes: undefined };
    const result = await command.run(given, request && throughBytes(PingRequest, request, given.version));
    const receive = (sent: CommandResult<PingResponse>): EasResponse => {
      if (sent.kind !== 'document') throw new TypeError('a Ping is answered with a document');
      answer.bytes = encode(PingResponse, sent.document, given.version);
      answer.document = decode(PingResponse, answer.bytes, given.version);
      return { status: 200, headers: {}, body: answer.bytes };
    };
    if (result.kind === 'held') holder.hold(result.hold, receive).complete(() => {});
    else receive(result);
    await quiet();
    return answer;
  };
  const memoryWrites = () => {
    const count = written;
    written = 0;
    return count;
  };
  return Object.assign(world, { clock, table, mailbox, command, holder, news, context, ping, memoryWrites });
}

/** Lets the store's work and the feed settle. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await settle();
}

const throughBytes = (schema: typeof PingRequest, request: PingRequest, version: ProtocolVersion) =>
  decode(schema, encode(schema, request, version), version);

export const pinging = (seconds: number | undefined, ...folders: string[]): PingRequest => ({
  ...(seconds === undefined ? {} : { HeartbeatInterval: seconds }),
  ...(folders.length === 0 ? {} : { Folders: { Folder: folders.map((Id) => ({ Id, Class: 'Email' })) } }),
});

export const folderIds = (count: number): FolderId[] =>
  Array.from({ length: count }, (_, place) => `f${place}` as FolderId);
