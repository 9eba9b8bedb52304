import type { Delivery } from '../../delivery/deliver.ts';
import type { Outbound, Prepared } from '../../delivery/outbound/types.ts';
import { domainPart, parseAddress, withoutTag } from '../../identity/names.ts';
import type { Account } from '../../identity/types.ts';
import { type Outgoing, prepareOutgoing } from '../../mail/outgoing.ts';
import { type RawMessage, splitMessage } from '../../mail/raw-message.ts';
import { DEFAULT_FOLDERS } from '../../mailbox/defaults.ts';
import { FolderType, type Item, type NewItem } from '../../mailbox/types.ts';
import { newId, ulidFor } from '../../ops/ids.ts';
import { type CommandContext, EMPTY, ProtocolFailure } from '../../protocol/command.ts';
import { type Blobs, ConditionFailed, type Table, type Write } from '../../store/ports.ts';
import { derive, withThread } from './derive.ts';
import { writtenMessage } from './forwardees.ts';
import { markSource, verbOf } from './mark.ts';
import { type SentMemory, sentMemory } from './once.ts';
import type { SendOptions } from './options.ts';
import { routeAll, takeQuota } from './recipients.ts';
import type { ComposeRequest, Verb } from './request.ts';
import { findSource } from './source.ts';

export interface SendServices {
  readonly table: Pick<Table, 'get' | 'batchGet'>;
  readonly blobs: Pick<Blobs, 'get'>;
  readonly delivery: Pick<Delivery, 'read' | 'store'>;
  readonly outbound: Outbound;
}

/** Common status codes of MS-ASCMD 2.2.2. */
const Status = {
  InvalidXml: 103,
  InvalidMime: 107,
  PreviouslySent: 118,
  NotSubmitted: 120,
  TooLarge: 122,
  InvalidAccount: 166,
  RightsManagementOff: 168,
} as const;

const SENT_ITEMS = DEFAULT_FOLDERS.find(({ type }) => type === FolderType.SentItems)!.id;
/** MS-ASCMD 2.2.3.28.1. */
const MAX_CLIENT_ID = 40;

/**
 * Sends a message, or a reply or forward with its source. One transaction remembers it, queues it and files it in Sent
 * Items; before it nothing has happened, after it the message is on its way whatever becomes of this process.
 * @throws ProtocolFailure
 */
export async function send(
  services: SendServices,
  context: CommandContext,
  request: ComposeRequest,
  options: SendOptions,
): Promise<typeof EMPTY> {
  checkRequest(context, request);
  const given = request.mime && splitMessage(request.mime);
  const hasMessageId = given?.fields.some(({ name }) => name === 'message-id') === true;
  const memory = sentMemory(services.table, context, request, hasMessageId);
  const before = await memory.before();
  if (before !== undefined) {
    if (given) await markAgain(context, request, given, before, options);
    throw new ProtocolFailure(Status.PreviouslySent, 'the message was sent before');
  }
  const source = request.source && (await findSource(context.mailbox, request.source));
  const written = splitMessage(writtenMessage(request, source?.content.subject ?? ''));
  if (!written) throw new ProtocolFailure(Status.InvalidMime, 'the message has no header');
  const outgoing = prepared(context, await whole(services, context, request, written, source, options), options);
  await submit(services, context, request, { outgoing, memory }, options);
  await mark(context, request.verb, source, outgoing, context.clock.now());
  return EMPTY;
}

async function mark(
  { mailbox, account, log }: CommandContext,
  verb: Verb,
  source: Item | undefined,
  outgoing: Outgoing,
  at: number,
): Promise<void> {
  if (!source || verb === 'send') return;
  const done = verbOf(verb, source.content, outgoing.recipients, (address) => owns(account, address));
  await markSource(mailbox, source, done, at, log);
}

/** The first request may have ended between its commit and the mark. A source that is gone by now needs none. */
async function markAgain(
  context: CommandContext,
  request: ComposeRequest,
  given: RawMessage,
  at: number,
  options: SendOptions,
): Promise<void> {
  if (!request.source) return;
  const source = await findSource(context.mailbox, request.source).catch((error: unknown) => {
    if (error instanceof ProtocolFailure) return undefined;
    throw error;
  });
  await mark(context, request.verb, source, prepared(context, given, options), at);
}

function checkRequest({ account, version }: CommandContext, request: ComposeRequest): void {
  const { clientId, accountId, templateId } = request;
  if ((version >= 140 && clientId === '') || clientId.length > MAX_CLIENT_ID) {
    throw new ProtocolFailure(Status.InvalidXml, 'ClientId is missing or too long');
  }
  // The only account is the primary one, which Settings names without an id (R721, R724).
  if (accountId !== undefined && accountId !== account.id) {
    throw new ProtocolFailure(Status.InvalidAccount, 'AccountId is not known');
  }
  if (templateId !== undefined) throw new ProtocolFailure(Status.RightsManagementOff, 'no rights management');
}

/** The message with what the server adds of the source. */
async function whole(
  { blobs }: SendServices,
  { clock }: CommandContext,
  { verb, replaceMime }: ComposeRequest,
  written: RawMessage,
  source: Item | undefined,
  { maxBytes }: SendOptions,
): Promise<RawMessage> {
  if (!source) return written;
  const threaded = withThread(written, source.content);
  if (replaceMime) return threaded;
  return await derive(threaded, source.content, { verb, blobs, maxBytes, now: clock.now() });
}

function prepared({ account, clock }: CommandContext, message: RawMessage, options: SendOptions): Outgoing {
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
function owns(account: Account, written: string): boolean {
  const address = parseAddress(written);
  if (address === undefined) return false;
  const own = [account.address, ...account.aliases];
  const plain = withoutTag(address);
  return own.includes(address) || (plain !== undefined && own.includes(plain));
}

async function submit(
  services: SendServices,
  context: CommandContext,
  request: ComposeRequest,
  { outgoing, memory }: { readonly outgoing: Outgoing; readonly memory: SentMemory },
  options: SendOptions,
): Promise<void> {
  const { outbound } = services;
  const to = await routeAll(outgoing.recipients, context, outbound, options);
  const quota = await takeQuota(to.length, context, services.table, options);
  const copies = request.saveInSent ? [await sentCopy(services, context, outgoing)] : [];
  const queued = await outbound.prepare({ mailbox: context.mailbox.id, from: outgoing.from, to }, outgoing.sent);
  await commit(services, context, copies, memory, { queued, quota });
  await outbound.release(queued);
}

async function commit(
  { outbound }: SendServices,
  { mailbox }: CommandContext,
  copies: readonly NewItem[],
  memory: SentMemory,
  { queued, quota }: { readonly queued: Prepared; readonly quota: Write },
): Promise<void> {
  try {
    await mailbox.append(SENT_ITEMS, copies, { with: [...memory.writes, ...queued.writes, quota] });
  } catch (error) {
    const conflict = error instanceof ConditionFailed;
    // The row of one's own commit, whose answer was lost.
    if (conflict && (await memory.mine())) return;
    // An outcome that is not known must leave the message where its row may need it.
    if (!conflict) throw error;
    await outbound.discard(queued);
    throw new ProtocolFailure(Status.PreviouslySent, 'another request was faster', { cause: error });
  }
}

/** Read, dated now, with its Bcc. The device did not make it, so it gets it by Sync like every other. */
async function sentCopy({ delivery }: SendServices, context: CommandContext, outgoing: Outgoing): Promise<NewItem> {
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
