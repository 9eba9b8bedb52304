import { DAY_MS, FIRST_MS, type House, tidy } from '../embedded/housekeeping.ts';
import type { Account } from '../identity/types.ts';
import { type Cancel, sleep } from '../ops/clock.ts';
import { errorFields } from '../ops/log.ts';
import { ConditionFailed, StoreUnavailable } from '../store/ports.ts';
import { keys } from '../store/schema.ts';

/** How often a task looks whether there is something to do. */
const LOOK_MS = 3_600_000;
/** After this long without a word from the task that goes through the mailboxes another one goes on. */
const LEASE_MS = 600_000;

/** Between two mailboxes: a third of a million in a day, by a tenth of the smallest task. */
const PAUSE_MS = 250;

/** The row of the round. */
interface Round {
  /** Epoch milliseconds: when it began, and until when nobody else need look. */
  readonly began: number;
  readonly until: number;
  /** Address of the last account that is done; empty where all are. */
  readonly after: string;
}

/**
 * Removes what deletions left behind, once a day in all mailboxes: a task keeps a row while it goes through them, and
 * where it ends before it is through, another goes on at that place. Should two do so at once, no harm is done.
 *
 * A lifecycle rule of the bucket would not do: it knows the age of a blob and nothing else. While an endpoint is away for
 * longer than any such rule, its queue still names what it is to send, and items of any age name their blobs.
 */
export function keepHouseInTurns(house: House): Cancel {
  const { clock, log } = house;
  const stop = new AbortController();
  let cancel: Cancel = () => {};
  const later = (ms: number) => {
    cancel = clock.after(ms, () => {
      turn(house, stop.signal)
        .catch((error: unknown) => {
          if (!stop.signal.aborted) log.warn('housekeeping failed', errorFields(error));
        })
        .finally(() => {
          if (!stop.signal.aborted) later(LOOK_MS);
        });
    });
  };
  later(FIRST_MS);
  return () => {
    stop.abort();
    cancel();
  };
}

async function turn(house: House, signal: AbortSignal): Promise<void> {
  const { clock, log } = house;
  let round = await begin(house);
  if (!round) return;
  for await (const { id, address } of accountsAfter(house, round.after)) {
    await tidy(house, id).catch((error: unknown) => {
      // Of all mailboxes: there is no point in going on.
      if (signal.aborted || error instanceof StoreUnavailable) throw error;
      log.warn('housekeeping failed', { mailbox: id, ...errorFields(error) });
    });
    const now = clock.now();
    if (round.until - now <= LEASE_MS / 2) {
      const next: Round = { ...round, until: now + LEASE_MS, after: address };
      if (!(await write(house, round, next))) return;
      round = next;
    }
    await sleep(clock, PAUSE_MS, signal);
  }
  // Where the mailboxes take longer than a day, the next round follows at once.
  await write(house, round, { ...round, until: round.began + DAY_MS, after: '' });
}

async function* accountsAfter({ accounts }: House, address: string): AsyncIterable<Account> {
  let after: string | undefined = address === '' ? undefined : address;
  do {
    const page = await accounts.page({ after, limit: 100 });
    yield* page.accounts;
    after = page.next;
  } while (after !== undefined);
}

/** @returns the round that is this task's now, or nothing while it is another's or not yet due */
async function begin(house: House): Promise<Round | undefined> {
  const now = house.clock.now();
  const row = await house.store.table.get(keys.housekeeping(), 'strong');
  const last = row as Round | undefined;
  if (last && last.until > now) return undefined;
  const began = last && last.after !== '' ? last.began : now;
  const mine: Round = { began, until: now + LEASE_MS, after: last?.after ?? '' };
  return (await write(house, last, mine)) ? mine : undefined;
}

/** @returns whether it is written: not where another task was faster */
async function write({ store }: House, before: Round | undefined, next: Round): Promise<boolean> {
  const { table, pk, sk } = keys.housekeeping();
  const when = before ? { equals: { until: before.until } } : { row: 'absent' as const };
  try {
    await store.table.transact([{ op: 'put', table, row: { pk, sk, ...next }, when }]);
    return true;
  } catch (error) {
    if (error instanceof ConditionFailed) return false;
    throw error;
  }
}
