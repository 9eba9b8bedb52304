import type { Group, Groups } from '../identity/groups.ts';
import type { Account, Directory } from '../identity/types.ts';
import { field, fieldValue, splitMessage } from '../mail/raw-message.ts';
import { QuotaExceeded } from '../mailbox/quota.ts';
import type { Clock } from '../ops/clock.ts';
import type { FolderId, MailboxId } from '../ops/ids.ts';
import type { Log } from '../ops/log.ts';
import { type Blobs, ConditionFailed, type Table } from '../store/ports.ts';
import { keys, LEDGER_TTL_S } from '../store/schema.ts';
import type { Delivered } from './deliver.ts';
import type { IncomingMessage } from './message.ts';
import { queuedMessage } from './outbound/enqueue.ts';
import { putNew, type Queued } from './outbound/row.ts';

/** Nobody here takes mail for this address: a permanent failure. */
export class NoRecipient extends Error {
  override readonly name: string = 'NoRecipient';
}
/** Somebody does, on another server. */
export class MovedAway extends NoRecipient {
  override readonly name = 'MovedAway';
}
/** Somebody does, and not from this sender. */
export class NotAllowed extends NoRecipient {
  override readonly name = 'NotAllowed';
}

export interface GroupServices {
  readonly directory: Pick<Directory, 'byAddress'>;
  readonly groups: Pick<Groups, 'expand' | 'mayWrite'>;
  readonly table: Pick<Table, 'get' | 'transact'>;
  readonly blobs: Pick<Blobs, 'put'>;
  readonly clock: Clock;
  readonly log: Log;
  /** A message to members elsewhere was committed to the queue. */
  readonly queued?: (message: Queued) => void;
}

/**
 * To everybody in the group. Each member here gets it as if it had been addressed, once however often he is named;
 * members elsewhere get it through the queue, once as well. What fails may be tried again as a whole. A mailbox that is
 * full keeps nobody else from theirs, and is told of in the end.
 * @throws NotAllowed for a sender who may not, NoRecipient for a group of nobody, and what `deliver` throws
 */
export async function deliverToGroup(
  services: GroupServices,
  group: Group,
  message: IncomingMessage,
  deliver: (account: Account, message: IncomingMessage) => Promise<Delivered>,
): Promise<Delivered> {
  const { groups, log } = services;
  if (!(await groups.mayWrite(group, message.from))) throw new NotAllowed();
  const nowhere = { mailbox: group.id as MailboxId, folder: '' as FolderId, item: message.item };
  // It has been here, and somebody whom the group reaches sent it back.
  if (passed(message, group)) return { ...nowhere, duplicate: true };
  const members = await groups.expand(group);
  const accounts = members.accounts.filter(({ home }) => home === undefined);
  const moved = members.accounts.filter(({ home }) => home !== undefined).map(({ address }) => address);
  const outside = [...members.outside, ...moved];
  if (accounts.length + outside.length === 0) throw new NoRecipient();
  const delivered: Delivered[] = [];
  let full: QuotaExceeded | undefined;
  for (const account of accounts) {
    try {
      delivered.push(await deliver(account, message));
    } catch (error) {
      if (!(error instanceof QuotaExceeded)) throw error;
      full = error;
    }
  }
  const sent = outside.length > 0 && (await sendOutside(services, group, message, outside));
  log.info('group-delivered', { group: group.id, here: delivered.length, outside: outside.length });
  if (full) throw full;
  return delivered.find(({ duplicate }) => !duplicate) ?? delivered[0] ?? { ...nowhere, duplicate: !sent };
}

function passed({ raw }: IncomingMessage, { address }: Group): boolean {
  const fields = splitMessage(raw)?.fields ?? [];
  return fields.some((one) => one.name === 'delivered-to' && fieldValue(one).toLowerCase() === address);
}

/** `false`: they had it before. */
async function sendOutside(
  services: GroupServices,
  group: Group,
  message: IncomingMessage,
  outside: readonly string[],
): Promise<boolean> {
  const { directory, table, clock } = services;
  const ledger = keys.delivered(group.id as MailboxId, message.key);
  if (await table.get(ledger, 'strong')) return false;
  // Who writes from here is told of bounces. A stranger is not: other servers would not believe that he wrote from here.
  const author = await directory.byAddress(message.from);
  const envelope = author ? { mailbox: author.id, from: message.from } : { mailbox: group.id, from: group.address };
  const mark = Buffer.from(`${field('Delivered-To', group.address).line}\r\n`, 'latin1');
  const to = outside.map((address) => ({ address, route: 'relay' as const }));
  const queued = await queuedMessage(
    services,
    { ...envelope, mailbox: envelope.mailbox as MailboxId, to },
    Buffer.concat([mark, message.raw]),
  );
  const at = clock.now();
  const row = { pk: ledger.pk, sk: ledger.sk, at, ttl: Math.floor(at / 1000) + LEDGER_TTL_S };
  try {
    await table.transact([{ op: 'put', table: ledger.table, row, when: { row: 'absent' } }, putNew(queued)]);
  } catch (error) {
    // Another delivery of the same message was faster.
    if (error instanceof ConditionFailed) return false;
    throw error;
  }
  services.queued?.(queued);
  return true;
}
