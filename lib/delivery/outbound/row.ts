import { createHash } from 'node:crypto';
import type { MailboxId } from '../../ops/ids.ts';
import { randomToken } from '../../ops/ids.ts';
import type { Key, Row, Write } from '../../store/ports.ts';
import { keys } from '../../store/schema.ts';
import type { Recipient, Route } from './types.ts';

/** Spreads the queue over partitions; every worker reads all of them. */
export const SHARDS = 4;

/** A recipient that will not get the message, and why. */
export interface Failed {
  readonly address: string;
  readonly status: string;
  readonly text: string;
}

/** A message in the queue, as its row says. */
export interface Queued {
  readonly id: string;
  /** Differs with every version of the row: how a worker knows its own write. */
  readonly tx: string;
  readonly mailbox: MailboxId;
  readonly from: string;
  /** Who is still to get it. */
  readonly to: readonly Recipient[];
  /** Who the sender is to be told of. */
  readonly failed: readonly Failed[];
  /** Epoch milliseconds: when somebody must look at it, when it was accepted, when `failed` was decided. */
  readonly due: number;
  readonly at: number;
  readonly failedAt: number;
  readonly attempts: number;
  /** The message itself where it is small, otherwise its blob. */
  readonly raw?: Uint8Array;
  readonly blob?: string;
}

export const keyOf = ({ id, due }: Pick<Queued, 'id' | 'due'>): Key => keys.outbound(shardOf(id), due, id);

/** What the keys of a mailbox's large messages begin with, before their id. */
export const blobPrefix = (mailbox: MailboxId) => `${mailbox}/out-`;

function shardOf(id: string): number {
  return createHash('sha256').update(id).digest()[0]! % SHARDS;
}

export function rowOf(queued: Queued): Row {
  const { pk, sk } = keyOf(queued);
  const { raw, blob, to, failed, ...rest } = queued;
  return {
    pk,
    sk,
    ...rest,
    to: to.map(({ address, route }) => ({ address, route })),
    failed: failed.map(({ address, status, text }) => ({ address, status, text })),
    ...(raw ? { raw } : {}),
    ...(blob === undefined ? {} : { blob }),
  };
}

export function queuedOf(row: Row): Queued {
  return {
    id: row.id as string,
    tx: row.tx as string,
    mailbox: row.mailbox as MailboxId,
    from: row.from as string,
    to: row.to as unknown as readonly { readonly address: string; readonly route: Route }[],
    failed: row.failed as unknown as readonly Failed[],
    due: row.due as number,
    at: row.at as number,
    failedAt: row.failedAt as number,
    attempts: row.attempts as number,
    raw: row.raw as Uint8Array | undefined,
    blob: row.blob as string | undefined,
  };
}

export const putNew = (queued: Queued): Write => ({
  op: 'put',
  table: 'devices',
  row: rowOf(queued),
  when: { row: 'absent' },
});

/** The row under its next due time in place of the old one, or nothing where another worker was faster. */
export function replace(old: Queued, next: Queued): readonly Write[] {
  const when = { equals: { tx: old.tx } };
  if (old.due === next.due) return [{ op: 'put', table: 'devices', row: rowOf(next), when }];
  return [{ op: 'delete', key: keyOf(old), when }, putNew(next)];
}

export const newTx = () => randomToken(9);
