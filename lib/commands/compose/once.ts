import { createHash } from 'node:crypto';
import { randomToken } from '../../ops/ids.ts';
import type { CommandContext } from '../../protocol/command.ts';
import type { Key, Row, Table, Write } from '../../store/ports.ts';
import { keys, LEDGER_TTL_S } from '../../store/schema.ts';
import type { ComposeRequest } from './request.ts';

/** What a device sent before: rows that commit with the message, so that a repeated request finds them or sends. */
export interface SentMemory {
  /** When the same message was accepted before, epoch milliseconds. */
  before(): Promise<number | undefined>;
  /** Conditional on absence: of two requests at once, one commits. */
  readonly writes: readonly Write[];
  /** Whether the rows that are there are these ones: the commit whose answer was lost. */
  mine(): Promise<boolean>;
}

/**
 * A message is known by its ClientId (MS-ASCMD R4848). It is known as well by its Message-ID together with all of its
 * bytes (R7465): up to 12.1 there is no ClientId, and a phone that lost the answer sends the same again. Another content
 * under the same Message-ID is another message: to drop it would lose mail.
 */
export function sentMemory(
  table: Pick<Table, 'batchGet'>,
  { mailbox, device, clock }: CommandContext,
  { verb, clientId, source, mime }: ComposeRequest,
  hasMessageId: boolean,
): SentMemory {
  const names: string[] = [];
  if (clientId !== '') names.push(`c.${digest(clientId)}`);
  if (hasMessageId && mime) names.push(`m.${digest(JSON.stringify([verb, source ?? null]), mime)}`);
  return memoryOf(table, { mailbox, device, clock }, names);
}

/** A draft is known by the command that sent it: its place, its key and its content. */
export function draftMemory(
  table: Pick<Table, 'batchGet'>,
  context: Pick<CommandContext, 'mailbox' | 'device' | 'clock'>,
  command: string,
): SentMemory {
  return memoryOf(table, context, [`d.${digest(command)}`]);
}

function memoryOf(
  table: Pick<Table, 'batchGet'>,
  { mailbox, device, clock }: Pick<CommandContext, 'mailbox' | 'device' | 'clock'>,
  names: readonly string[],
): SentMemory {
  const rows = names.map((name) => keys.sent(mailbox.id, device.id, name));
  const token = randomToken(9);
  const at = clock.now();
  const read = async () => (await table.batchGet(rows, 'strong')).filter((row) => row !== undefined);
  return {
    async before() {
      const [row] = rows.length > 0 ? await read() : [];
      return row && (row.at as number);
    },
    writes: rows.map((key) => rowWrite(key, token, at)),
    mine: async () => (await read()).some((row) => row.token === token),
  };
}

function rowWrite({ table, pk, sk }: Key, token: string, at: number): Write {
  const row: Row = { pk, sk, token, at, ttl: Math.floor(at / 1000) + LEDGER_TTL_S };
  return { op: 'put', table, row, when: { row: 'absent' } };
}

function digest(text: string, bytes?: Uint8Array): string {
  const hash = createHash('sha256').update(text);
  if (bytes) hash.update('\0').update(bytes);
  return hash.digest('base64url');
}
