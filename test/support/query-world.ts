/** A mailbox over a real store, an address list, and one request after the other through the codec in both directions. */
import type { AddressBook, Entry } from '../../lib/identity/address-book.ts';
import type { Account, Device } from '../../lib/identity/types.ts';
import type { EmailContent } from '../../lib/mail/types.ts';
import type { Mailbox } from '../../lib/mailbox/types.ts';
import type { DeviceId } from '../../lib/ops/ids.ts';
import { silentLog } from '../../lib/ops/log.ts';
import type { Command, CommandContext, CommandResult, Piece } from '../../lib/protocol/command.ts';
import type { Blobs } from '../../lib/store/ports.ts';
import { decode, encode } from '../../lib/wbxml/index.ts';
import { FakeClock } from './fake-clock.ts';
import { email, INBOX, openTestMailbox } from './mailboxes.ts';

export interface QueryWorld {
  readonly mailbox: Mailbox;
  readonly blobs: Blobs;
  /** Puts a message into the inbox; its ServerId. */
  put(key: string, over?: Partial<EmailContent>): Promise<string>;
  context(over?: Partial<CommandContext>): CommandContext;
}

/** A request of a mailbox that nothing has to be read from, unless `over` says more. */
export function bareContext(over: Partial<CommandContext> = {}): CommandContext {
  return {
    version: 161,
    account: { id: 'alice', address: 'alice@example.com' } as Account,
    mailbox: { id: 'alice' } as unknown as Mailbox,
    device: { id: 'phone1', type: 'Phone', firstSeen: 0, lastSeen: 0 } as unknown as Device,
    query: { command: '', deviceId: 'phone1' as DeviceId, deviceType: 'Phone', encoding: 'plain' },
    policyKey: undefined,
    userAgent: undefined,
    lane: 'task',
    requestId: 'r1',
    clock: new FakeClock(),
    log: silentLog,
    signal: new AbortController().signal,
    ...over,
  };
}

/** What a command comes to; its request goes through the codec. */
export function runAsBytes<Request, Response>(
  command: Command<Request, Response>,
  request: Request | undefined,
  context: CommandContext,
): Promise<CommandResult<Response>> {
  const { version } = context;
  const heard = request && decode(command.request, encode(command.request, request, version), version);
  return command.run(context, heard);
}

/** The document of an answer, as the wire has it. */
export async function askAsBytes<Request, Response>(
  command: Command<Request, Response>,
  request: Request,
  context: CommandContext,
): Promise<Response> {
  const { version } = context;
  const result = await runAsBytes(command, request, context);
  if (!('document' in result)) throw new Error(`the answer is ${result.kind}`);
  return decode(command.response, encode(command.response, result.document, version), version);
}

export async function openQueryWorld(): Promise<QueryWorld> {
  const { mailbox, store, clock } = await openTestMailbox();
  const context = (over: Partial<CommandContext> = {}) => bareContext({ mailbox, clock, ...over });
  const put = async (key: string, over: Partial<EmailContent> = {}) => {
    const item = email(key, over);
    await mailbox.append(INBOX, [item]);
    return `${INBOX}:${item.id}`;
  };
  return { mailbox, blobs: store.blobs, put, context };
}

/** Entries by display name; the alias is the local part of the address. */
export function people(...names: readonly (readonly [name: string, address: string])[]): Entry[] {
  return names.map(([displayName, address]) => ({
    account: { id: address, address } as Account,
    displayName,
    alias: address.slice(0, address.indexOf('@')),
    address,
  }));
}

/** An address list that finds names by their beginning, and notes what it was asked. */
export function addressBookOf(entries: readonly Entry[]) {
  const asked: string[] = [];
  const addressBook: AddressBook = {
    find: async (_, text) => {
      asked.push(`find ${text}`);
      const begins = text.trim().toLowerCase();
      return entries.filter(({ displayName }) => displayName.toLowerCase().startsWith(begins));
    },
    byAddress: async (_, address) => {
      asked.push(`address ${address}`);
      return entries.find((entry) => entry.address === address);
    },
  };
  return { addressBook, asked };
}

export async function textOf({ stream }: Piece): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream()) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** The same mailbox with other methods. */
export function altered(mailbox: Mailbox, over: Partial<Mailbox>): Mailbox {
  return new Proxy(mailbox, {
    get(target, name) {
      if (name in over) return over[name as keyof Mailbox];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
