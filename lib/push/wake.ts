import type { Cancel } from '../ops/clock.ts';
import type { FolderId, MailboxId } from '../ops/ids.ts';
import { errorFields, type Log } from '../ops/log.ts';
import { type Tracer, traced } from '../ops/tracer.ts';
import type { Feed, FeedRecord } from '../store/ports.ts';
import { mailboxOf } from '../store/schema.ts';
import type { Holder, TaskMessage, Wake, WakeTransport } from './types.ts';
import type { Waiter, Waiters } from './waiters.ts';

/** What the feed's records say to held requests, each folder once with its highest numbers. Other rows are left out. */
export function wakesOf(records: readonly FeedRecord[]): Wake[] {
  const wakes = new Map<string, Wake>();
  for (const record of records) {
    const wake = wakeOf(record);
    if (!wake) continue;
    const key = `${record.pk}\n${record.sk}`;
    wakes.set(key, later(wakes.get(key), wake));
  }
  return [...wakes.values()];
}

function wakeOf({ pk, sk, row }: FeedRecord): Wake | undefined {
  const mailbox = mailboxOf(pk);
  if (mailbox === undefined) return undefined;
  if (sk === 'STATE') return { mailbox };
  if (!sk.startsWith('F#')) return undefined;
  const folder = sk.slice(2) as FolderId;
  // A folder that is gone has no numbers: whoever watches it must look.
  return { mailbox, folder, seq: numberOf(row?.seq), added: numberOf(row?.added), at: numberOf(row?.at) };
}

const numberOf = (value: unknown) => (typeof value === 'number' ? value : undefined);

function later(one: Wake | undefined, other: Wake): Wake {
  if (!one || one.seq === undefined) return one ?? other;
  if (other.seq === undefined) return other;
  return other.seq > one.seq ? other : one;
}

/** The whole wake path of one process: its own feed wakes its own holder. */
export function followFeed(feed: Feed, holder: Pick<Holder, 'wake'>): Cancel {
  return feed.subscribe((records) => {
    const wakes = wakesOf(records);
    if (wakes.length > 0) holder.wake(wakes);
  });
}

export interface WakerDeps {
  readonly waiters: Waiters;
  readonly transport: WakeTransport;
  readonly log: Log;
  /** Absent: no spans. */
  readonly tracer?: Tracer;
}

/** What became of wakes. */
export interface WakeReport {
  /** Tasks that were told. */
  readonly reached: number;
  /** Waiters of tasks that nobody answers for, or that could not be told. */
  readonly stale: number;
  /** Mailboxes whose waiters could not be read: nobody was told. */
  readonly unread: readonly MailboxId[];
}

/** Mailboxes whose waiters are read at once: a batch of the stream names hundreds. */
const READS = 32;

/** Brings wakes to the tasks that hold the mailbox's requests, wherever they are. */
export class Waker {
  readonly #deps: WakerDeps;

  constructor(deps: WakerDeps) {
    this.#deps = deps;
  }

  /**
   * One message for each task, with all wakes that concern it. Never rejects: an old wake is worth nothing, and the
   * holders' sweep heals what got lost. Resolves to the number of tasks that were reached.
   */
  async wake(wakes: readonly Wake[]): Promise<number> {
    return (await this.tell(wakes)).reached;
  }

  /** The same with all that is to be said of it. Never rejects. */
  tell(wakes: readonly Wake[], cause?: TaskMessage['cause']): Promise<WakeReport> {
    return traced(this.#deps.tracer, 'wake', async (span) => {
      const report = await this.#tellAll(wakes, cause);
      span.set({ cause, wakes: wakes.length, reached: report.reached, stale: report.stale });
      return report;
    });
  }

  async #tellAll(wakes: readonly Wake[], cause?: TaskMessage['cause']): Promise<WakeReport> {
    const unread: MailboxId[] = [];
    const byTask = new Map<string, { readonly waiters: Waiter[]; readonly wakes: Wake[] }>();
    const groups = [...grouped(wakes)];
    const read = await atMost(READS, groups, ([mailbox]) => this.#waitersOf(mailbox));
    for (const [place, [mailbox, ofMailbox]] of groups.entries()) {
      const told = new Set<string>();
      const waiting = read[place];
      if (!waiting) unread.push(mailbox);
      for (const waiter of waiting ?? []) {
        const task = byTask.get(waiter.task) ?? { waiters: [], wakes: [] };
        byTask.set(waiter.task, task);
        task.waiters.push(waiter);
        // Several requests of one mailbox on one task need its wakes only once.
        if (!told.has(waiter.task)) task.wakes.push(...ofMailbox);
        told.add(waiter.task);
      }
    }
    const tasks = [...byTask];
    const told = await Promise.all(
      tasks.map(([task, { waiters, wakes: all }]) =>
        this.#tell(task, waiters, { wakes: all, ...(cause && { cause }) }),
      ),
    );
    const missed = tasks.filter((_, place) => !told[place]);
    return {
      reached: tasks.length - missed.length,
      stale: missed.reduce((sum, [, { waiters }]) => sum + waiters.length, 0),
      unread,
    };
  }

  /** `undefined` when they cannot be read. */
  async #waitersOf(mailbox: MailboxId): Promise<readonly Waiter[] | undefined> {
    try {
      return await this.#deps.waiters.of(mailbox);
    } catch (error) {
      this.#deps.log.warn('wake-lost', { stage: 'waiters', ...errorFields(error) });
      return undefined;
    }
  }

  async #tell(task: string, waiters: readonly Waiter[], message: TaskMessage): Promise<boolean> {
    const { transport, log } = this.#deps;
    try {
      if ((await transport.send(task, message)) === 'delivered') return true;
      // A socket died, perhaps not the task: only rows of processes that are gone go with it. A task that has a new
      // socket by now is told there; one that has none yet looks at everything when it is back.
      const living = await this.#deps.waiters.bury(waiters);
      if (living.length > 0 && (await transport.send(task, message)) === 'delivered') return true;
      log.info('wake-gone', { task, living: living.length });
    } catch (error) {
      log.warn('wake-lost', { stage: 'send', task, ...errorFields(error) });
    }
    return false;
  }
}

/** Results in the order of `all`, so many under way at once. `run` must not reject. */
async function atMost<T, R>(most: number, all: readonly T[], run: (one: T) => Promise<R>): Promise<readonly R[]> {
  const results = new Array<R>(all.length);
  const work = all.entries();
  const worker = async () => {
    for (const [place, one] of work) results[place] = await run(one);
  };
  await Promise.all(Array.from({ length: Math.min(most, all.length) }, worker));
  return results;
}

function grouped(wakes: readonly Wake[]): Map<MailboxId, Wake[]> {
  const groups = new Map<MailboxId, Wake[]>();
  for (const wake of wakes) {
    const group = groups.get(wake.mailbox);
    if (group) group.push(wake);
    else groups.set(wake.mailbox, [wake]);
  }
  return groups;
}
