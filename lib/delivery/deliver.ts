import { LRUCache } from 'lru-cache';
import type { Account, Directory } from '../identity/types.ts';
import { contentOf } from '../mail/content.ts';
import type { MailLimits } from '../mail/limits.ts';
import { FolderType, type Mailboxes, type NewItem, NoFolder, NoMailbox } from '../mailbox/types.ts';
import type { Clock } from '../ops/clock.ts';
import type { FolderId, ItemId, MailboxId } from '../ops/ids.ts';
import { errorFields, type Log } from '../ops/log.ts';
import { type Blobs, ConditionFailed, type Row, type Table, type Write } from '../store/ports.ts';
import { keys, LEDGER_TTL_S } from '../store/schema.ts';
import { conversationFolder } from './conversation-rules.ts';
import { type Envelope, type IncomingMessage, readMessage } from './message.ts';

export interface DeliveryServices {
  readonly directory: Pick<Directory, 'byAddress'>;
  readonly mailboxes: Mailboxes;
  readonly table: Pick<Table, 'get'>;
  readonly blobs: Pick<Blobs, 'put'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<MailLimits>;
}

export interface Delivered {
  readonly mailbox: MailboxId;
  readonly folder: FolderId;
  readonly item: ItemId;
  /** It had been delivered before; nothing was written. The item may have been moved or deleted since. */
  readonly duplicate: boolean;
}

/** Nobody takes mail for this address: a permanent failure. */
export class NoRecipient extends Error {
  override readonly name = 'NoRecipient';
}

export interface Delivery {
  /** The account that takes mail for the address; `undefined` for unknown and disabled ones. @throws StoreUnavailable */
  recipient(address: string): Promise<Account | undefined>;
  /** Reads a message once for all its recipients. */
  read(raw: Uint8Array, envelope: Envelope): Promise<IncomingMessage>;
  /**
   * Into the Inbox of whoever takes mail for `address`. Committed when it resolves, blobs first. The same message
   * again changes nothing. @throws NoRecipient, StoreUnavailable (nothing is known to be written: try again)
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
  const { mailboxes, directory, clock, log, limits } = services;

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
    if (!account) throw new NoRecipient();
    const before = await deliveredBefore(services, account.id, message.key);
    if (before) return before;
    const item = await store(account.id, message);
    const ruled = await conversationFolder(services.table, account.id, item.content.conversationId);
    try {
      return await place(account.id, message, item, ruled ?? (await inbox(account.id)));
    } catch (error) {
      // The folder that the conversation was moved to has been deleted since.
      if (ruled === undefined || !(error instanceof NoFolder)) throw error;
      return await place(account.id, message, item, await inbox(account.id));
    }
  };

  const place = async (mailbox: MailboxId, message: IncomingMessage, item: NewItem, folder: FolderId) => {
    try {
      const ledger = ledgerWrite(mailbox, message, folder, clock.now());
      const [done] = await mailboxes.open(mailbox).append(folder, [item], { with: [ledger] });
      log.info('delivered', { mailbox, item: item.id, bytes: message.raw.length, new: done!.changed });
      return { mailbox, folder, item: item.id, duplicate: !done!.changed };
    } catch (error) {
      // Another delivery of the same message was faster.
      const other = error instanceof ConditionFailed && (await deliveredBefore(services, mailbox, message.key));
      if (other) return other;
      log.warn('delivery failed', { mailbox, ...errorFields(error) });
      throw error;
    }
  };

  const read: Delivery['read'] = async (raw, envelope) => {
    const message = await readMessage(raw, envelope, { now: clock.now(), limits });
    if (message.parsed.degraded) log.warn('message not understood whole', { reason: message.parsed.degraded });
    return message;
  };

  return {
    recipient,
    read,
    deliverTo,
    deliver: async (address, raw, envelope) => deliverTo(address, await read(raw, envelope)),
    store,
    inbox,
  };
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
