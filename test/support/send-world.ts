/** The commands that send, over a real store and a real queue; what lies beyond the relay is a list. */

import type { SendOptions } from '../../lib/commands/compose/options.ts';
import { type ComposeRequest, fromDerivedMessage, fromMessage } from '../../lib/commands/compose/request.ts';
import { createSendMail } from '../../lib/commands/send-mail.ts';
import { createSmartForward } from '../../lib/commands/smart-forward.ts';
import { createSmartReply } from '../../lib/commands/smart-reply.ts';
import { createDelivery } from '../../lib/delivery/deliver.ts';
import type { OutboundOptions } from '../../lib/delivery/outbound/options.ts';
import { createOutbound } from '../../lib/delivery/outbound/outbound.ts';
import type { SendMailRequest, SmartForwardRequest } from '../../lib/documents/compose-mail.ts';
import type { Account } from '../../lib/identity/types.ts';
import type { parseMessage } from '../../lib/mail/parse.ts';
import { TableMailboxes } from '../../lib/mailbox/mailboxes.ts';
import type { Item } from '../../lib/mailbox/types.ts';
import type { DeviceId, FolderId, MailboxId } from '../../lib/ops/ids.ts';
import { silentLog } from '../../lib/ops/log.ts';
import { type CommandContext, ProtocolFailure } from '../../lib/protocol/command.ts';
import type { ProtocolVersion } from '../../lib/protocol/versions.ts';
import { outboundPartition } from '../../lib/store/schema.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeRelay } from './fake-relay.ts';
import { FaultyTable } from './faulty-table.ts';
import { openTestStore, type StoreKind } from './stores.ts';

export const SENT = 'sent' as FolderId;
export const INBOX = 'inbox' as FolderId;

const account = (id: string, over: Partial<Account> = {}): Account => ({
  id: id as MailboxId,
  address: `${id}@example.net`,
  aliases: [],
  name: id === 'ann' ? 'Ann Lee' : '',
  enabled: true,
  easEnabled: true,
  credentialVersion: 1,
  ...over,
});

export interface SendWorldOptions {
  readonly kind?: StoreKind;
  readonly relay?: boolean;
  readonly send?: Partial<SendOptions>;
  readonly outbound?: Partial<OutboundOptions>;
  readonly parse?: typeof parseMessage;
}

export type SendWorld = Awaited<ReturnType<typeof openSendWorld>>;

/** Ann sends; Bob is here as well; everybody else is beyond the relay. */
export async function openSendWorld(options: SendWorldOptions = {}) {
  const clock = new FakeClock();
  const store = await openTestStore(options.kind ?? 'sqlite', { clock: new FakeClock() });
  const table = new FaultyTable(store.table);
  const { blobs } = store;
  const mailboxes = new TableMailboxes({ table, blobs, clock, pause: async () => {} });
  const ann = account('ann', { aliases: ['ann.lee@example.net', 'sales@example.org'] });
  const accounts = [ann, account('bob')];
  for (const { id } of accounts) await mailboxes.create(id);
  const directory = {
    get: async (id: MailboxId) => accounts.find((one) => one.id === id),
    byAddress: async (address: string) =>
      accounts.find((one) => one.address === address || one.aliases.includes(address)),
  };
  const delivery = createDelivery({ directory, mailboxes, table, blobs, clock, log: silentLog });
  const relay = new FakeRelay();
  const queue = (way: 'elsewhere' | FakeRelay | undefined = options.relay === false ? undefined : relay) =>
    createOutbound(
      {
        delivery,
        directory,
        table,
        blobs,
        clock,
        log: silentLog,
        relay: way,
      },
      { hostname: 'mx.example.net', ...options.outbound },
    );
  const outbound = queue();
  const services = { table, blobs, delivery, outbound, parse: options.parse };
  const commands = {
    send: createSendMail(services, options.send),
    reply: createSmartReply(services, options.send),
    forward: createSmartForward(services, options.send),
  };
  const context = (version: ProtocolVersion, device: string): CommandContext => ({
    version,
    account: ann,
    mailbox: mailboxes.open(ann.id),
    device: { id: device as DeviceId, type: 'iPhone', firstSeen: 0, lastSeen: 0 },
    query: { command: 'SendMail', deviceId: device, deviceType: 'iPhone', encoding: 'plain' },
    policyKey: undefined,
    userAgent: undefined,
    lane: 'task',
    requestId: 'r',
    clock,
    log: silentLog,
    signal: new AbortController().signal,
  });
  let count = 0;

  return {
    clock,
    store,
    table,
    relay,
    outbound,
    /** Another worker on the same store, as after a restart. */
    queue,
    delivery,
    mailboxes,
    ann,
    context,
    /** A message of Ann's, by a document or (up to 12.1) by its bytes. `'empty'` is success, a number a failure. */
    async ask(
      verb: ComposeRequest['verb'],
      mime: string | Uint8Array | undefined,
      over: Partial<SmartForwardRequest> & { readonly version?: ProtocolVersion; readonly device?: string } = {},
    ): Promise<'empty' | number> {
      const { version = 161, device = 'phone1', ...fields } = over;
      const Mime = typeof mime === 'string' ? Buffer.from(mime, 'latin1') : mime;
      const { Source } = fields;
      const made = context(version, device);
      const query = {
        ...made.query,
        saveInSent: fields.SaveInSentItems,
        itemId: Source?.ItemId,
        collectionId: Source?.FolderId,
        longId: Source?.LongId,
        occurrence: Source?.InstanceId === undefined ? undefined : 'x',
      };
      const old = verb === 'send' ? fromMessage : fromDerivedMessage;
      const request =
        version < 140
          ? old(Mime!, query)
          : { ClientId: `c${++count}`, SaveInSentItems: false, ReplaceMime: false, Mime, ...fields };
      const run = commands[verb].run as (
        context: CommandContext,
        request: SendMailRequest,
      ) => Promise<{ kind: string }>;
      try {
        const { kind } = await run(made, request);
        await outbound.poll();
        return kind === 'empty' ? kind : 0;
      } catch (error) {
        if (error instanceof ProtocolFailure) return error.status;
        throw error;
      }
    },
    /** What is in a folder, newest first. */
    async folder(name: string, folder: FolderId): Promise<readonly Item[]> {
      return await mailboxes.open(name as MailboxId).page(folder, { limit: 100 });
    },
    /** The bytes of an item's message, one character each. */
    async raw(item: Item): Promise<string> {
      return Buffer.from((await blobs.get(item.content.mime.blob))!).toString('latin1');
    },
    /** Rows that are still in the queue. */
    async queued(): Promise<number> {
      const shards = [0, 1, 2, 3].map((n) => store.table.query({ table: 'devices', pk: outboundPartition(n) }));
      return (await Promise.all(shards)).flat().length;
    },
  };
}

/** A short message; `fields` are whole lines. */
export function mail(to: string, fields: readonly string[] = [], body = 'Hello'): string {
  const own = fields.some((line) => /^content-type:/i.test(line)) ? [] : ['Content-Type: text/plain; charset=utf-8'];
  return [`From: Ann <ann@example.net>`, `To: ${to}`, 'Subject: Hi', ...own, ...fields, '', body, ''].join('\r\n');
}
