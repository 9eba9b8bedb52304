import { type Clock, sleep } from '../ops/clock.ts';
import type { MailboxId } from '../ops/ids.ts';
import type { Blobs, Table } from '../store/ports.ts';
import type { Quota, QuotaBook, QuotaHolder, QuotaOf, Usage } from './quota.ts';
import type { Turns } from './turns.ts';

export interface MailboxServices {
  readonly table: Table;
  readonly blobs: Blobs;
  readonly clock: Clock;
  /**
   * Waits before try `attempt` (1 is the first repetition). By default not at all before the first, then a random time
   * that doubles up to a second.
   */
  readonly pause?: (attempt: number) => Promise<void>;
  /** What a mailbox may hold that has no limits of its own. Default: as much as comes. */
  readonly quota?: Quota;
  readonly quotaOf?: QuotaOf;
  /** Called after an addition that left a mailbox nearly full; the change is committed. Never rejects. */
  readonly nearlyFull?: (mailbox: MailboxId, usage: Usage) => Promise<void>;
}

/** What the parts of one mailbox share. */
export interface MailboxContext {
  readonly id: MailboxId;
  readonly table: Table;
  readonly clock: Clock;
  readonly pause: (attempt: number) => Promise<void>;
  /** Writers of this process, one at a time for each folder. */
  readonly turns: Turns;
  readonly quotas: QuotaBook;
  /** The account, where whoever opened the mailbox had it at hand. */
  readonly account?: QuotaHolder;
  readonly nearlyFull?: (mailbox: MailboxId, usage: Usage) => Promise<void>;
}

const LONGEST_PAUSE_MS = 1000;

export function backOff(clock: Clock): (attempt: number) => Promise<void> {
  return async (attempt) => {
    if (attempt <= 1) return;
    const bound = Math.min(5 * 2 ** attempt, LONGEST_PAUSE_MS);
    await sleep(clock, bound / 2 + (Math.random() * bound) / 2);
  };
}
