import { LRUCache } from 'lru-cache';
import type { Groups } from '../identity/groups.ts';
import { parseAddress, withoutTag } from '../identity/names.ts';
import type { Account, Directory } from '../identity/types.ts';
import { parseAddresses } from '../mail/addresses.ts';
import { contentOf } from '../mail/content.ts';
import type { MailLimits } from '../mail/limits.ts';
import { parseMessage } from '../mail/parse.ts';
import { QuotaExceeded } from '../mailbox/quota.ts';
import { FolderType, type Mailboxes, type NewItem, NoFolder, NoMailbox } from '../mailbox/types.ts';
import type { Clock } from '../ops/clock.ts';
import type { FolderId, ItemId, MailboxId } from '../ops/ids.ts';
import { errorFields, type Log } from '../ops/log.ts';
import { type Blobs, ConditionFailed, type Row, type Table, type Write } from '../store/ports.ts';
import { keys, LEDGER_TTL_S } from '../store/schema.ts';
import { conversationFolder } from './conversation-rules.ts';
import { deliverToGroup, MovedAway, NoRecipient, NotAllowed } from './group.ts';
import { type Envelope, type IncomingMessage, readMessage } from './message.ts';
import type { AutoReplies, AutoReply } from './oof/auto-replies.ts';
import type { Queued } from './outbound/row.ts';

export interface DeliveryServices {
  readonly directory: Pick<Directory, 'byAddress'>;
  readonly mailboxes: Mailboxes;
  readonly table: Pick<Table, 'get' | 'transact'>;
  readonly blobs: Pick<Blobs, 'put'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<MailLimits>;
  /** Reads messages; in the thread that asks where absent. */
  readonly parse?: typeof parseMessage;
  /** Addresses that stand for many; none where absent. */
  readonly groups?: Pick<Groups, 'byAddress' | 'expand' | 'mayWrite'>;
  /** Who is away says so; nobody does where absent. */
  readonly autoReplies?: Pick<AutoReplies, 'prepare'>;
  /** A message to people elsewhere was committed to the queue. */
  readonly queued?: (message: Queued) => void;
}

export interface Delivered {
  readonly mailbox: MailboxId;
  readonly folder: FolderId;
  readonly item: ItemId;
  /** It had been delivered before; nothing was written. The item may have been moved or deleted since. */
  readonly duplicate: boolean;
}

export { MovedAway, NoRecipient, NotAllowed };

export interface Delivery {
  /**
   * The account of the address, though its mailbox be on another server; `undefined` for unknown and disabled ones.
   * @throws StoreUnavailable
   */
  recipient(address: string): Promise<Account | undefined>;
  /** Whether mail from this sender is taken for the address, an account's or a group's. @throws StoreUnavailable */
  accepts(address: string, from: string): Promise<'yes' | 'unknown' | 'refused' | 'full' | 'moved'>;
  /** Reads a message once for all its recipients. */
  read(raw: Uint8Array, envelope: Envelope): Promise<IncomingMessage>;
  /**
   * Into the Inbox of whoever takes mail for `address`: of everybody in it where it is a group, and then what is told
   * is told of one of them. Committed when it resolves, blobs first. The same message again changes nothing.
   * @throws NoRecipient, MovedAway, NotAllowed, QuotaExceeded, StoreUnavailable (not everything is known to be written:
   *   try again)
   */
  deliverTo(address: string, message: IncomingMessage): Promise<Delivered>;
  /** `read` and `deliverTo` in one. */
  deliver(address: string, raw: Uint8Array, envelope: Envelope): Promise<Delivered>;
  /** Blobs written, item made: what is left is to append it. */
  store(mailbox: MailboxId, message: IncomingMessage): Promise<NewItem>;
  /** The Inbox of a mailbox, which is made where it is missing. */
  inbox(mailbox: MailboxId): Promise<FolderId>;
}

const BLOBS_AT_ONCE = 4;

export function createDelivery(services: DeliveryServices): Delivery {
  const inboxes = new LRUCache<MailboxId, FolderId>({ max: 10_000 });
  const { mailboxes, directory, clock, log, limits, parse = parseMessage } = services;

  async function inbox(mailbox: MailboxId): Promise<FolderId> {
    const known = inboxes.get(mailbox);
    if (known !== undefined) return known;
    const found = (await inboxOf(mailboxes, mailbox)) ?? (await inboxOf(mailboxes, mailbox, 'create'));
    if (found === undefined) throw new NoFolder('Inbox');
    inboxes.set(mailbox, found);
    return found;
  }

  async function recipient(address: string): Promise<Account | undefined> {
    const account = await directory.byAddress(address);
    return account?.enabled ? account : undefined;
  }

  const store: Delivery['store'] = async (mailbox, message) => {
    const { content, blobs } = contentOf(message.parsed, message.raw, { mailbox, item: message.item });
    for (let from = 0; from < blobs.length; from += BLOBS_AT_ONCE) {
      const some = blobs.slice(from, from + BLOBS_AT_ONCE);
      await Promise.all(some.map(({ key, bytes }) => services.blobs.put(key, bytes)));
    }
    return { id: message.item, class: 'Email', content };
  };

  const deliverTo: Delivery['deliverTo'] = async (address, message) => {
    const account = await recipient(address);
    // Nobody would read it here: the phones of such an account are sent to the other server.
    if (account?.home !== undefined) throw new MovedAway();
    if (account) return await deliverHere(account, namedBy(message, account));
    const { groups } = services;
    const group = await groups?.byAddress(address);
    if (!groups || !group) throw new NoRecipient();
    return await deliverToGroup({ ...services, groups }, group, message, deliverHere);
  };

  const deliverHere = async (account: Account, message: IncomingMessage): Promise<Delivered> => {
    const before = await deliveredBefore(services, account.id, message.key);
    if (before) return before;
    // Before anything is stored: blobs of what is refused would be left behind.
    await mailboxes.open(account.id, account).checkRoom(await inbox(account.id), message.raw.length);
    const item = await store(account.id, message);
    const reply = await services.autoReplies?.prepare(account, message);
    const ruled = await conversationFolder(services.table, account.id, item.content.conversationId);
    try {
      return await place(account, message, item, ruled ?? (await inbox(account.id)), reply);
    } catch (error) {
      // The folder that the conversation was moved to has been deleted since.
      if (ruled === undefined || !(error instanceof NoFolder)) throw error;
      return await place(account, message, item, await inbox(account.id), reply);
    }
  };

  const place = async (
    account: Account,
    message: IncomingMessage,
    item: NewItem,
    folder: FolderId,
    reply: AutoReply | undefined,
  ): Promise<Delivered> => {
    const mailbox = account.id;
    try {
      const ledger = ledgerWrite(mailbox, message, folder, clock.now());
      const rows = [ledger, ...(reply?.writes ?? [])];
      const [done] = await mailboxes.open(mailbox, account).append(folder, [item], { with: rows });
      log.info('delivered', { mailbox, item: item.id, bytes: message.raw.length, new: done!.changed });
      reply?.release();
      return { mailbox, folder, item: item.id, duplicate: !done!.changed };
    } catch (error) {
      // Another delivery of the same message was faster.
      const other = error instanceof ConditionFailed && (await deliveredBefore(services, mailbox, message.key));
      if (other) return other;
      // Another message of the same sender was: he has his reply.
      if (reply && error instanceof ConditionFailed) return await place(account, message, item, folder, undefined);
      log.warn('delivery failed', { mailbox, ...errorFields(error) });
      throw error;
    }
  };

  const isFull = async (account: Account): Promise<boolean> => {
    try {
      await mailboxes.open(account.id, account).checkRoom(await inbox(account.id), 1);
      return false;
    } catch (error) {
      if (error instanceof QuotaExceeded) return true;
      throw error;
    }
  };

  const accepts: Delivery['accepts'] = async (address, from) => {
    const account = await recipient(address);
    if (account?.home !== undefined) return 'moved';
    if (account) return (await isFull(account)) ? 'full' : 'yes';
    const group = await services.groups?.byAddress(address);
    if (!group) return 'unknown';
    return (await services.groups!.mayWrite(group, from)) ? 'yes' : 'refused';
  };

  const read: Delivery['read'] = async (raw, envelope) => {
    const message = await readMessage(raw, envelope, { now: clock.now(), limits, parse });
    if (message.parsed.degraded) log.warn('message not understood whole', { reason: message.parsed.degraded });
    return message;
  };

  return {
    recipient,
    accepts,
    read,
    deliverTo,
    deliver: async (address, raw, envelope) => deliverTo(address, await read(raw, envelope)),
    store,
    inbox,
  };
}

/** Says of a message that its recipient is in no field that others see. What comes by a list is for the list. */
function namedBy(message: IncomingMessage, { address, aliases }: Account): IncomingMessage {
  const { to, cc, listed } = message.parsed;
  const own = new Set([address, ...aliases]);
  const named = parseAddresses([to, cc]).some((one) => {
    const plain = parseAddress(one.address);
    return plain !== undefined && (own.has(plain) || own.has(withoutTag(plain) ?? plain));
  });
  return named || listed ? message : { ...message, parsed: { ...message.parsed, receivedAsBcc: true } };
}

async function inboxOf(mailboxes: Mailboxes, id: MailboxId, how?: 'create'): Promise<FolderId | undefined> {
  try {
    const mailbox = how === 'create' ? await mailboxes.create(id) : mailboxes.open(id);
    return (await mailbox.folders()).find(({ type }) => type === FolderType.Inbox)?.id;
  } catch (error) {
    if (error instanceof NoMailbox) return undefined;
    throw error;
  }
}

/** Commits with the item: a redelivery finds it even after the item was moved or deleted. */
function ledgerWrite(mailbox: MailboxId, { key, item }: IncomingMessage, folder: FolderId, at: number): Write {
  const { table, pk, sk } = keys.delivered(mailbox, key);
  const row: Row = { pk, sk, item, folder, at, ttl: Math.floor(at / 1000) + LEDGER_TTL_S };
  return { op: 'put', table, row, when: { row: 'absent' } };
}

async function deliveredBefore(
  { table }: DeliveryServices,
  mailbox: MailboxId,
  key: string,
): Promise<Delivered | undefined> {
  const row = await table.get(keys.delivered(mailbox, key), 'strong');
  if (!row) return undefined;
  return { mailbox, folder: row.folder as FolderId, item: row.item as ItemId, duplicate: true };
}
