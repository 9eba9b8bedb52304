/** A mailbox, a Sync command over it, and phones whose documents go through the codec both ways. */

import { emailClass } from '../../lib/commands/sync/email.ts';
import type { SyncItemClass } from '../../lib/commands/sync/item-class.ts';
import { smsClass } from '../../lib/commands/sync/sms.ts';
import { createSyncCommand, type SyncDeps } from '../../lib/commands/sync.ts';
import { SyncRequest, SyncResponse } from '../../lib/documents/sync.ts';
import { deviceOf } from '../../lib/identity/device-rows.ts';
import type { Account, Device } from '../../lib/identity/types.ts';
import type { EmailContent } from '../../lib/mail/types.ts';
import type { Mailbox } from '../../lib/mailbox/types.ts';
import type { DeviceId, ItemId, MailboxId } from '../../lib/ops/ids.ts';
import { type Log, silentLog } from '../../lib/ops/log.ts';
import type { Command, CommandContext, CommandResult } from '../../lib/protocol/command.ts';
import type { ProtocolVersion } from '../../lib/protocol/versions.ts';
import type { Table } from '../../lib/store/ports.ts';
import { keys } from '../../lib/store/schema.ts';
import { SyncNews } from '../../lib/sync/news.ts';
import { SyncStates } from '../../lib/sync/states.ts';
import { decode, encode } from '../../lib/wbxml/index.ts';
import type { FakeClock } from './fake-clock.ts';
import { email, INBOX, openTestMailbox } from './mailboxes.ts';
import type { StoreKind } from './stores.ts';

export interface SyncWorld {
  readonly mailbox: Mailbox;
  readonly clock: FakeClock;
  /** As the engine sees it, with what `wrap` put between. */
  readonly table: Table;
  readonly states: SyncStates;
  readonly news: SyncNews;
  readonly command: Command<SyncRequest, SyncResponse>;
  /** Another process over the same store: its own locks. */
  another(): Command<SyncRequest, SyncResponse>;
  context(device: DeviceId, over?: Partial<CommandContext>): CommandContext;
  makeDevice(device: DeviceId): Promise<void>;
  /** The same store with a new mailbox, for the next run of a property. */
  fresh(): Promise<SyncWorld>;
}

export async function openSyncWorld(
  input: {
    readonly kind?: StoreKind;
    readonly wrap?: (table: Table) => Table;
    readonly options?: SyncDeps['options'];
    readonly email?: (email: SyncItemClass) => SyncItemClass;
    /** Text messages beside the mail. */
    readonly sms?: boolean;
    readonly log?: Log;
  } = {},
): Promise<SyncWorld> {
  let table: Table | undefined;
  const wrap = (inner: Table) => {
    table = input.wrap ? input.wrap(inner) : inner;
    return table;
  };
  const { store, clock, mailbox, mailboxes } = await openTestMailbox({ kind: input.kind, wrap });
  const email = emailClass(store.blobs);
  const classes = [input.email ? input.email(email) : email, ...(input.sms ? [smsClass(store.blobs)] : [])];
  const world = (of: Mailbox): SyncWorld => makeWorld(of, clock, table!, classes, input);
  const fresh = async (): Promise<SyncWorld> => {
    const next = await mailboxes.create(`m${++mailboxCount}` as MailboxId);
    return { ...world(next), fresh };
  };
  return { ...world(mailbox), fresh };
}

let mailboxCount = 0;

function makeWorld(
  mailbox: Mailbox,
  clock: FakeClock,
  table: Table,
  classes: readonly SyncItemClass[],
  input: { readonly options?: SyncDeps['options']; readonly log?: Log },
): Omit<SyncWorld, 'fresh'> & { fresh: SyncWorld['fresh'] } {
  const states = new SyncStates(table);
  const news = new SyncNews(states, clock);
  const another = () => {
    const command = createSyncCommand({ table, states, news, classes, options: input.options });
    return { ...command, run: asLetIn(command, table) };
  };
  const context = (device: DeviceId, over: Partial<CommandContext> = {}): CommandContext => ({
    version: 141,
    account: { id: mailbox.id } as Account,
    mailbox,
    device: { id: device, type: 'Phone', firstSeen: 0, lastSeen: 0 } as Device,
    query: { command: 'Sync', deviceId: device, deviceType: 'Phone', encoding: 'plain' },
    policyKey: undefined,
    userAgent: undefined,
    lane: 'task',
    requestId: 'test',
    clock,
    log: input.log ?? silentLog,
    signal: new AbortController().signal,
    ...over,
  });
  const makeDevice = async (device: DeviceId) => {
    const { pk, sk } = keys.device(mailbox.id, device);
    await table.transact([{ op: 'put', table: 'devices', row: { pk, sk, type: 'Phone' } }]);
  };
  const fresh = () => Promise.reject(new Error('not from here'));
  return { mailbox, clock, table, states, news, command: another(), another, context, makeDevice, fresh };
}

/** The device of a request is as its row says when the request is let in. */
function asLetIn({ run }: Command<SyncRequest, SyncResponse>, table: Table): typeof run {
  return async (context, request) => {
    const row = await table.get(keys.device(context.mailbox.id, context.device.id), 'strong');
    return run({ ...context, device: { ...context.device, cachedSync: row && deviceOf(row).cachedSync } }, request);
  };
}

export type Sent = SyncResponse | 'empty' | Extract<CommandResult<SyncResponse>, { kind: 'held' }>['hold'];

/** One exchange as bytes would do it: what the schema cannot carry is lost here, too. */
export async function exchange(
  command: Command<SyncRequest, SyncResponse>,
  context: CommandContext,
  request: SyncRequest | undefined,
): Promise<Sent> {
  const { version } = context;
  const heard = request && decode(SyncRequest, encode(SyncRequest, request, version), version);
  return received(await command.run(context, heard), version);
}

export function received(result: CommandResult<SyncResponse>, version: ProtocolVersion): Sent {
  if (result.kind === 'empty') return 'empty';
  if (result.kind === 'held') return result.hold;
  if (result.kind !== 'document') throw new Error(`the answer is ${result.kind}`);
  return decode(SyncResponse, encode(SyncResponse, result.document, version), version);
}

/** Delivers `count` messages, the first the newest, an hour apart; their ServerIds in that order. */
export async function deliver(world: SyncWorld, count: number, over: Partial<EmailContent> = {}): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const mail = email(`d${++delivered}`, { received: world.clock.now() - n * 3_600_000, ...over });
    await world.mailbox.append(INBOX, [mail]);
    ids.push(`${INBOX}:${mail.id}`);
  }
  return ids;
}
let delivered = 0;

/** The item's own id of a ServerId. */
export const itemOf = (serverId: string) => serverId.slice(serverId.indexOf(':') + 1) as ItemId;

/** Somebody else changes the read state, or the subject. */
export async function elsewhere(world: SyncWorld, serverId: string, over: Partial<EmailContent>): Promise<void> {
  const kind = 'subject' in over ? 'change' : 'flags';
  await world.mailbox.update(INBOX, itemOf(serverId), ({ content }) => ({ kind, content: { ...content, ...over } }));
}
