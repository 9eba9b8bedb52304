import { createHash } from 'node:crypto';
import type { Clock } from '../ops/clock.ts';
import type { MailboxId } from '../ops/ids.ts';
import type { Table } from '../store/ports.ts';
import { keys } from '../store/schema.ts';

/** To whom outside of this server a mailbox has written: they are known to it (MS-ASCMD 2.2.3.12). */
export interface Correspondents {
  has(mailbox: MailboxId, address: string): Promise<boolean>;
  /** A hint, not a record: what is lost costs a stranger's reply instead of a friend's. */
  note(mailbox: MailboxId, addresses: readonly string[]): Promise<void>;
}

const DAY_MS = 86_400_000;
/** Whoever was not written to for so long is a stranger again. */
const KEPT_MS = 730 * DAY_MS;
/** A row is written anew no more often than this. */
const FRESH_MS = 90 * DAY_MS;
/** Of one message. */
const MOST = 500;

/** Addresses are stored as digests: the rows say of an address whether it is known, and nobody's list of friends. */
export const addressDigest = (address: string) =>
  createHash('sha256').update(address.trim().toLowerCase()).digest('base64url').slice(0, 22);

export function correspondents(table: Pick<Table, 'get' | 'transact'>, clock: Clock): Correspondents {
  return {
    async has(mailbox, address) {
      const row = await table.get(keys.correspondent(mailbox, addressDigest(address)), 'eventual');
      return row !== undefined && (row.at as number) + KEPT_MS > clock.now();
    },
    async note(mailbox, addresses) {
      const at = clock.now();
      for (const address of addresses.slice(0, MOST)) {
        const key = keys.correspondent(mailbox, addressDigest(address));
        const before = await table.get(key, 'eventual');
        if (before && (before.at as number) + FRESH_MS > at) continue;
        const row = { pk: key.pk, sk: key.sk, at, ttl: Math.floor((at + KEPT_MS) / 1000) };
        await table.transact([{ op: 'put', table: key.table, row }]);
      }
    },
  };
}
