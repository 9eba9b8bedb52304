/** From a whole message to one that is on its way, whichever command it came by. */
import type { Delivery } from '../../delivery/deliver.ts';
import type { Outbound, Prepared } from '../../delivery/outbound/types.ts';
import { domainPart, parseAddress, withoutTag } from '../../identity/names.ts';
import type { Account } from '../../identity/types.ts';
import { type Outgoing, prepareOutgoing } from '../../mail/outgoing.ts';
import type { RawMessage } from '../../mail/raw-message.ts';
import { DEFAULT_FOLDERS } from '../../mailbox/defaults.ts';
import { QuotaExceeded } from '../../mailbox/quota.ts';
import { FolderType, ItemChanged, type NewItem, NoItem } from '../../mailbox/types.ts';
import { newId, ulidFor } from '../../ops/ids.ts';
import { type CommandContext, ProtocolFailure } from '../../protocol/command.ts';
import { ConditionFailed, type Table, type Write } from '../../store/ports.ts';
import type { SentMemory } from './once.ts';
import type { SendOptions } from './options.ts';
import { routeAll, takeQuota } from './recipients.ts';

export interface SubmitServices {
  readonly table: Pick<Table, 'get'>;
  readonly delivery: Pick<Delivery, 'read' | 'store'>;
  readonly outbound: Outbound;
}

/** Common status codes of MS-ASCMD 2.2.2. */
export const Status = { PreviouslySent: 118, NotSubmitted: 120, TooLarge: 122 } as const;

export const SENT_ITEMS = DEFAULT_FOLDERS.find(({ type }) => type === FolderType.SentItems)!.id;

/** @throws ProtocolFailure 122 for a message that is too large, 120 for one that goes in circles */
export function prepared({ account, clock }: CommandContext, message: RawMessage, options: SendOptions): Outgoing {
  const now = clock.now();
  const outgoing = prepareOutgoing(message, {
    sender: { address: account.address, name: account.name, owns: (address) => owns(account, address) },
    now,
    messageId: `<${newId(now)}@${domainPart(account.address)}>`,
  });
  if (outgoing.kept.length > options.maxBytes) throw new ProtocolFailure(Status.TooLarge, 'the message is too large');
  if (outgoing.hops > options.maxHops) throw new ProtocolFailure(Status.NotSubmitted, 'the message goes in circles');
  return outgoing;
}

/** Aliases are addresses of the account, with a tag as well. */
export function owns(account: Account, written: string): boolean {
  const address = parseAddress(written);
  if (address === undefined) return false;
  const own = [account.address, ...account.aliases];
  const plain = withoutTag(address);
  return own.includes(address) || (plain !== undefined && own.includes(plain));
}

export interface Submission {
  readonly outgoing: Outgoing;
  readonly memory: SentMemory;
  readonly saveInSent: boolean;
  /** Commits the copy for Sent Items, if there is one, with all these rows, in one transaction. */
  readonly file: (copy: NewItem | undefined, writes: readonly Write[]) => Promise<void>;
}

/**
 * One transaction remembers the message, queues it and files it; before it nothing has happened, after it the message is
 * on its way whatever becomes of this process.
 * @throws ProtocolFailure
 */
export async function submit(
  services: SubmitServices,
  context: CommandContext,
  { outgoing, memory, saveInSent, file }: Submission,
  options: SendOptions,
): Promise<void> {
  const { outbound } = services;
  const to = await routeAll(outgoing.recipients, context, outbound, options);
  const quota = await takeQuota(to.length, context, services.table, options);
  const copy = saveInSent ? await sentCopy(services, context, outgoing) : undefined;
  const queued = await outbound.prepare({ mailbox: context.mailbox.id, from: outgoing.from, to }, outgoing.sent);
  await committed(() => file(copy, [...memory.writes, ...queued.writes, quota]), memory, outbound, queued);
  await outbound.release(queued);
}

const UNWRITTEN = [QuotaExceeded, NoItem, ItemChanged];

async function committed(
  commit: () => Promise<void>,
  memory: SentMemory,
  outbound: Outbound,
  queued: Prepared,
): Promise<void> {
  try {
    await commit();
  } catch (error) {
    const conflict = error instanceof ConditionFailed;
    // The row of one's own commit, whose answer was lost.
    if (conflict && (await memory.mine())) return;
    // Nothing was written: neither sent nor filed. An outcome that is not known must leave the message where its row may
    // need it.
    if (conflict || UNWRITTEN.some((kind) => error instanceof kind)) await outbound.discard(queued);
    if (!conflict) throw error;
    throw new ProtocolFailure(Status.PreviouslySent, 'another request was faster', { cause: error });
  }
}

/** Read, dated now, with its Bcc. The device did not make it, so it gets it by Sync like every other. */
async function sentCopy(
  { delivery }: Pick<SubmitServices, 'delivery'>,
  context: CommandContext,
  outgoing: Outgoing,
): Promise<NewItem> {
  const now = context.clock.now();
  const message = await delivery.read(outgoing.kept, { from: outgoing.from, arrival: 'dated', undated: now });
  // An id of its own: what a sender writes to himself is in the Inbox under that of the delivery.
  const item = ulidFor(now, `sent ${context.device.id} ${outgoing.messageId} ${message.key}`);
  const stored = await delivery.store(context.mailbox.id, {
    ...message,
    item,
    parsed: { ...message.parsed, received: now },
  });
  return { ...stored, content: { ...stored.content, read: true } };
}
