import type { Account } from '../identity/types.ts';
import type { Mailboxes } from '../mailbox/types.ts';
import { type Cancel, type Clock, sleep } from '../ops/clock.ts';
import type { MailboxId } from '../ops/ids.ts';
import { errorFields, type Log } from '../ops/log.ts';
import type { Feed } from '../store/ports.ts';
import { mailboxOf } from '../store/schema.ts';
import type { Indexer } from './indexer.ts';

export interface KeepDeps {
  readonly indexer: Indexer;
  readonly mailboxes: Pick<Mailboxes, 'open'>;
  readonly accounts: { list(): AsyncIterable<Account> };
  readonly feed: Feed;
  readonly clock: Clock;
  readonly log: Log;
}

/** After a change: the deliveries of a burst become one step. */
const SOON_MS = 250;
const FIRST_MS = 5_000;
/** How long one mailbox is worked on before the others have their turn. */
const SLICE_MS = 50;
const PAUSE_MS = 20;

/** Keeps the indexes right behind the mailboxes, so that a search has nothing to catch up with. */
export function keepIndexes({ indexer, mailboxes, accounts, feed, clock, log }: KeepDeps): Cancel {
  const stop = new AbortController();
  const timers = new Set<Cancel>();
  const due = new Set<MailboxId>();
  let working = false;
  let planned = false;

  const later = (ms: number, run: () => Promise<void>) => {
    const cancel = clock.after(ms, () => {
      timers.delete(cancel);
      run().catch((error: unknown) => {
        if (!stop.signal.aborted) log.warn('indexing failed', errorFields(error));
      });
    });
    timers.add(cancel);
  };
  const work = async () => {
    planned = false;
    if (working) return;
    working = true;
    try {
      for (const id of due) {
        due.delete(id);
        await slice(id);
        await sleep(clock, PAUSE_MS, stop.signal);
      }
    } finally {
      working = false;
    }
  };
  const slice = async (id: MailboxId) => {
    try {
      const { complete } = await indexer.catchUp(mailboxes.open(id), SLICE_MS, false, stop.signal);
      if (!complete) due.add(id);
    } catch (error) {
      // The next change of this mailbox, or a search of it, tries again.
      if (!stop.signal.aborted) log.warn('mailbox not indexed', { mailbox: id, ...errorFields(error) });
    }
  };
  later(FIRST_MS, async () => {
    for await (const { id } of accounts.list()) due.add(id);
    await work();
  });
  const unsubscribe = feed.subscribe((records) => {
    for (const { pk, sk, row } of records) {
      // The heads of new folders say nothing, and there are many when accounts are made.
      if (!sk.startsWith('F#') || row?.seq === 0) continue;
      const id = mailboxOf(pk);
      if (id === undefined || due.has(id)) continue;
      due.add(id);
      if (working || planned) continue;
      planned = true;
      later(SOON_MS, work);
    }
  });
  return () => {
    stop.abort();
    unsubscribe();
    for (const cancel of timers) cancel();
  };
}
