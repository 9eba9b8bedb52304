import type { Outgoing } from '../../mail/outgoing.ts';
import { parseMessage } from '../../mail/parse.ts';
import { type RawMessage, splitMessage } from '../../mail/raw-message.ts';
import type { Item } from '../../mailbox/types.ts';
import { type CommandContext, EMPTY, ProtocolFailure } from '../../protocol/command.ts';
import type { Blobs, Table } from '../../store/ports.ts';
import { derive, withThread } from './derive.ts';
import { writtenMessage } from './forwardees.ts';
import { markSource, verbOf } from './mark.ts';
import { sentMemory } from './once.ts';
import type { SendOptions } from './options.ts';
import type { ComposeRequest, Verb } from './request.ts';
import { findSource } from './source.ts';
import { owns, prepared, SENT_ITEMS, type Submission, type SubmitServices, submit } from './submit.ts';

export interface SendServices extends SubmitServices {
  readonly table: Pick<Table, 'get' | 'batchGet'>;
  readonly blobs: Pick<Blobs, 'get'>;
  /** Reads what is put together with its source; in the thread that asks where absent. */
  readonly parse?: typeof parseMessage;
}

/** Common status codes of MS-ASCMD 2.2.2. */
export const Status = {
  InvalidXml: 103,
  InvalidMime: 107,
  PreviouslySent: 118,
  InvalidAccount: 166,
  RightsManagementOff: 168,
} as const;

/** MS-ASCMD 2.2.3.28.1. */
const MAX_CLIENT_ID = 40;

/**
 * Sends a message, or a reply or forward with its source.
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
  const file: Submission['file'] = async (copy, writes) => {
    await context.mailbox.append(SENT_ITEMS, copy ? [copy] : [], { with: writes });
  };
  await submit(services, context, { outgoing, memory, saveInSent: request.saveInSent, file }, options);
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
  { blobs, parse = parseMessage }: SendServices,
  { clock }: CommandContext,
  { verb, replaceMime }: ComposeRequest,
  written: RawMessage,
  source: Item | undefined,
  { maxBytes }: SendOptions,
): Promise<RawMessage> {
  if (!source) return written;
  const threaded = withThread(written, source.content, clock.now());
  if (replaceMime) return threaded;
  return await derive(threaded, source.content, { verb, blobs, parse, maxBytes, now: clock.now() });
}
