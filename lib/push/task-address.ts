import { LRUCache } from 'lru-cache';
import { ConditionFailed, type Row, type Table, type Value } from '../store/ports.ts';
import { keys } from '../store/schema.ts';

/**
 * Where a task is reached: attributes of its `T#` row, beside those by which it says that it lives. A task writes its
 * address anew whenever it changes; senders keep it for a while and read again when nobody answers there.
 */
export class TaskAddresses<A> {
  readonly #table: Pick<Table, 'get'>;
  readonly #read: (row: Row) => A | undefined;
  readonly #known: LRUCache<string, { readonly address: A }>;

  /** @param read the address in a row, `undefined` where it has none */
  constructor(table: Pick<Table, 'get'>, read: (row: Row) => A | undefined, keep = 10_000) {
    this.#table = table;
    this.#read = read;
    this.#known = new LRUCache({ max: keep });
  }

  /** The address, and whether it comes from memory and may be old. Rejects as the table does. */
  async of(task: string): Promise<{ readonly address: A | undefined; readonly remembered: boolean }> {
    const known = this.#known.get(task);
    if (known) return { address: known.address, remembered: true };
    return { address: await this.again(task), remembered: false };
  }

  /** As the row says now. */
  async again(task: string): Promise<A | undefined> {
    this.#known.delete(task);
    const row = await this.#table.get(keys.task(task), 'strong');
    const address = row && this.#read(row);
    if (address !== undefined) this.#known.set(task, { address });
    return address;
  }

  forget(task: string): void {
    this.#known.delete(task);
  }
}

/**
 * Sends to the address that is known, and once more to the one that the row says when nobody answers there. `gone` when
 * the row says nothing else.
 */
export async function sendTo<A>(
  addresses: TaskAddresses<A>,
  task: string,
  post: (address: A) => Promise<'delivered' | 'gone'>,
  same: (one: A, other: A) => boolean,
): Promise<'delivered' | 'gone'> {
  const first = await addresses.of(task);
  if (first.address === undefined) return 'gone';
  if ((await post(first.address)) === 'delivered') return 'delivered';
  const second = await addresses.again(task);
  if (second === undefined || same(first.address, second)) {
    addresses.forget(task);
    return 'gone';
  }
  if ((await post(second)) === 'delivered') return 'delivered';
  addresses.forget(task);
  return 'gone';
}

/** Longer than any connection lasts: a row that no process writes any more goes away. */
export const ROW_S = 4 * 3600;

/** Writes an address into a task's row, which need not exist yet. `now` in epoch milliseconds. */
export function setAddress(
  table: Pick<Table, 'transact'>,
  task: string,
  now: number,
  address: Readonly<Record<string, Value>>,
): Promise<void> {
  const set = { ...address, ttl: Math.floor(now / 1000) + ROW_S };
  return table.transact([{ op: 'update', key: keys.task(task), set }]);
}

/** Takes an address away, unless a newer one stands there by now. */
export async function clearAddress(
  table: Pick<Table, 'transact'>,
  task: string,
  equals: Readonly<Record<string, string>>,
  remove: readonly string[],
): Promise<void> {
  try {
    await table.transact([{ op: 'update', key: keys.task(task), remove, when: { equals } }]);
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
  }
}
