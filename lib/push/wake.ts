import type { Cancel } from '../ops/clock.ts';
import type { FolderId, MailboxId } from '../ops/ids.ts';
import { errorFields, type Log } from '../ops/log.ts';
import type { Feed, FeedRecord } from '../store/ports.ts';
import { mailboxOf } from '../store/schema.ts';
import type { Holder, Wake, WakeTransport } from './types.ts';
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
  return { mailbox, folder, seq: numberOf(row?.seq), added: numberOf(row?.added) };
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
}

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
    const byTask = new Map<string, { readonly waiters: Waiter[]; readonly wakes: Wake[] }>();
    for (const [mailbox, ofMailbox] of grouped(wakes)) {
      const told = new Set<string>();
      for (const waiter of await this.#waitersOf(mailbox)) {
        const task = byTask.get(waiter.task) ?? { waiters: [], wakes: [] };
        byTask.set(waiter.task, task);
        task.waiters.push(waiter);
        // Several requests of one mailbox on one task need its wakes only once.
        if (!told.has(waiter.task)) task.wakes.push(...ofMailbox);
        told.add(waiter.task);
      }
    }
    const reached = await Promise.all(
      [...byTask].map(([task, { waiters, wakes: all }]) => this.#tell(task, waiters, all)),
    );
    return reached.filter(Boolean).length;
  }

  async #waitersOf(mailbox: MailboxId): Promise<readonly Waiter[]> {
    try {
      return await this.#deps.waiters.of(mailbox);
    } catch (error) {
      this.#deps.log.warn('wake-lost', { stage: 'waiters', ...errorFields(error) });
      return [];
    }
  }

  async #tell(task: string, waiters: readonly Waiter[], wakes: readonly Wake[]): Promise<boolean> {
    const { transport, log } = this.#deps;
    try {
      if ((await transport.send(task, { wakes })) === 'delivered') return true;
      // A socket died, perhaps not the task: only rows of processes that are gone go with it. A task that has a new
      // socket by now is told there; one that has none yet looks at everything when it is back.
      const living = await this.#deps.waiters.bury(waiters);
      if (living.length > 0 && (await transport.send(task, { wakes })) === 'delivered') return true;
      log.info('wake-gone', { task, living: living.length });
    } catch (error) {
      log.warn('wake-lost', { stage: 'send', task, ...errorFields(error) });
    }
    return false;
  }
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
