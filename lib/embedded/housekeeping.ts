import { type Cancel, sleep } from '../ops/clock.ts';
import type { MailboxId } from '../ops/ids.ts';
import { errorFields } from '../ops/log.ts';
import { mailboxOf } from '../store/schema.ts';
import type { Domain } from './domain.ts';

const HOUR_MS = 3_600_000;
/** After a change of the hierarchy: a client that deletes several folders is through by then. */
const SOON_MS = 5_000;
const FIRST_MS = 60_000;
/** Between two mailboxes of a round, so that a round never competes with what phones ask. */
const PAUSE_MS = 10;

/**
 * Removes what deletions left behind: at once (nearly) where a folder was deleted, and everywhere in rounds an hour
 * apart, since blobs of deleted items are kept for an hour for whoever is still reading them.
 */
export function keepHouse({ accounts, mailboxes, store, clock, log }: Domain): Cancel {
  const stop = new AbortController();
  const timers = new Set<Cancel>();
  const soon = new Set<MailboxId>();

  const later = (ms: number, run: () => Promise<void>) => {
    const cancel = clock.after(ms, () => {
      timers.delete(cancel);
      run().catch((error: unknown) => {
        if (!stop.signal.aborted) log.warn('housekeeping failed', errorFields(error));
      });
    });
    timers.add(cancel);
  };
  const reap = async (id: MailboxId) => {
    const { rows } = await mailboxes.reap(id);
    if (rows > 0) log.info('reaped', { mailbox: id, rows });
  };
  const round = async () => {
    try {
      for await (const { id } of accounts.list()) {
        await reap(id);
        await sleep(clock, PAUSE_MS, stop.signal);
      }
    } finally {
      if (!stop.signal.aborted) later(HOUR_MS, round);
    }
  };
  later(FIRST_MS, round);
  const unsubscribe = store.feed.subscribe((records) => {
    for (const { pk, sk } of records) {
      const id = sk === 'STATE' ? mailboxOf(pk) : undefined;
      if (id === undefined || soon.has(id)) continue;
      soon.add(id);
      later(SOON_MS, () => {
        soon.delete(id);
        return reap(id);
      });
    }
  });
  return () => {
    stop.abort();
    unsubscribe();
    for (const cancel of timers) cancel();
  };
}
