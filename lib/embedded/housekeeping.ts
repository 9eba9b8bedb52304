import { reapOutbound } from '../delivery/outbound/reap.ts';
import { type Cancel, sleep } from '../ops/clock.ts';
import type { MailboxId } from '../ops/ids.ts';
import { errorFields } from '../ops/log.ts';
import { mailboxOf } from '../store/schema.ts';
import type { Domain } from './domain.ts';

export const DAY_MS = 86_400_000;
/** Blobs of deleted items are kept for an hour for whoever is still reading them. */
const AGED_MS = 3_660_000;
/** After a change of the hierarchy: a client that deletes several folders is through by then. */
const SOON_MS = 5_000;
export const FIRST_MS = 60_000;
/** Between two mailboxes of a round: fifteen thousand take four hours, and a quiet server stays quiet. */
const PAUSE_MS = 1_000;

export type House = Pick<Domain, 'accounts' | 'mailboxes' | 'store' | 'clock' | 'log'>;

/** All that a mailbox has to be rid of. It may be stopped anywhere, and run by several processes at once. */
export async function tidy(house: House, id: MailboxId): Promise<void> {
  await reap(house, id);
  const messages = await reapOutbound({ ...house.store, clock: house.clock }, id);
  if (messages > 0) house.log.info('reaped', { mailbox: id, messages });
}

async function reap({ mailboxes, log }: House, id: MailboxId): Promise<void> {
  const { rows } = await mailboxes.reap(id);
  if (rows > 0) log.info('reaped', { mailbox: id, rows });
}

/**
 * Removes what deletions left behind: soon where the hierarchy changed, after an hour where anything changed, and once
 * a day everywhere, for what was left when the process ended. A mailbox in which nothing happens costs nothing else.
 */
export function keepHouse(house: House): Cancel {
  const { accounts, store, clock, log } = house;
  const stop = new AbortController();
  const timers = new Set<Cancel>();
  const soon = new Set<MailboxId>();
  const aged = new Set<MailboxId>();

  const later = (ms: number, run: () => Promise<void>) => {
    const cancel = clock.after(ms, () => {
      timers.delete(cancel);
      run().catch((error: unknown) => {
        if (!stop.signal.aborted) log.warn('housekeeping failed', errorFields(error));
      });
    });
    timers.add(cancel);
  };
  const round = async () => {
    try {
      for await (const { id } of accounts.list()) {
        await tidy(house, id);
        await sleep(clock, PAUSE_MS, stop.signal);
      }
    } finally {
      if (!stop.signal.aborted) later(DAY_MS, round);
    }
  };
  later(FIRST_MS, round);
  const once = (waiting: Set<MailboxId>, id: MailboxId, ms: number) => {
    if (waiting.has(id)) return;
    waiting.add(id);
    later(ms, () => {
      waiting.delete(id);
      return reap(house, id);
    });
  };
  const unsubscribe = store.feed.subscribe((records) => {
    for (const { pk, sk } of records) {
      const id = mailboxOf(pk);
      if (id === undefined) continue;
      if (sk === 'STATE') once(soon, id, SOON_MS);
      else once(aged, id, AGED_MS);
    }
  });
  return () => {
    stop.abort();
    unsubscribe();
    for (const cancel of timers) cancel();
  };
}
