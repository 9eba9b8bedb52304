import type { Clock } from '../ops/clock.ts';
import type { DeviceId, MailboxId } from '../ops/ids.ts';
import { ConditionFailed, type Key, type Row, type Table } from '../store/ports.ts';
import { keys, mailboxPartition } from '../store/schema.ts';
import { RowWriter } from './row-writer.ts';

/** A held request as other processes see it. */
export interface Waiter {
  readonly mailbox: MailboxId;
  readonly device: DeviceId;
  /** Unique among all processes: it begins with the epoch. A device that registers again makes another row. */
  readonly request: string;
  readonly kind: 'ping' | 'sync';
  readonly task: string;
  /** Of the process that holds it; a task that starts again has another. */
  readonly epoch: string;
  /** Epoch milliseconds of the beginning, and of the moment from which the row means nothing. */
  readonly at: number;
  readonly until: number;
}

/** A row is kept this long past its deadline, since the answer takes its time; TTL deletes later still. */
export const LEASE_MS = 30_000;

const PREFIX = 'W#';

export interface WaitersDeps {
  readonly table: Table;
  readonly clock: Clock;
  readonly rowsPerWrite?: number;
  readonly writesAtOnce?: number;
}

/** The registrations in `devices`: which task holds whose request. Methods reject as the table does. */
export class Waiters {
  readonly #table: Table;
  readonly #clock: Clock;
  readonly #writer: RowWriter;

  constructor({ table, clock, rowsPerWrite = 1, writesAtOnce = 4 }: WaitersDeps) {
    this.#table = table;
    this.#clock = clock;
    this.#writer = new RowWriter(table, rowsPerWrite, writesAtOnce);
  }

  /** Durable when it resolves; may be repeated. */
  register(waiter: Waiter): Promise<void> {
    const { pk, sk } = waiterKey(waiter);
    const { device, kind, task, epoch, at, until } = waiter;
    const row: Row = { pk, sk, device, kind, task, epoch, at, until, ttl: Math.ceil(until / 1000) };
    return this.#writer.write({ op: 'put', table: 'devices', row });
  }

  /** Only the process that registered a row calls this: no other writes a row of this name. */
  unregister(waiter: Pick<Waiter, 'mailbox' | 'device' | 'request'>): Promise<void> {
    return this.#writer.write({ op: 'delete', key: waiterKey(waiter) });
  }

  /** Of a mailbox, or of one of its devices; strong; without those whose time is over. */
  async of(mailbox: MailboxId, device?: DeviceId): Promise<readonly Waiter[]> {
    const prefix = device === undefined ? PREFIX : keys.waiter(mailbox, device, '').sk;
    const pk = mailboxPartition(mailbox);
    const rows = await this.#table.query({ table: 'devices', pk, prefix, consistency: 'strong' });
    const now = this.#clock.now();
    return rows
      .map((row) => waiterOf(mailbox, row))
      .filter((waiter) => waiter.until > now && (device === undefined || waiter.device === device));
  }

  /** Whether a process of this epoch is alive as far as its task row says. Strong. */
  async alive(task: string, epoch: string): Promise<boolean> {
    const row = await this.#table.get(keys.task(task), 'strong');
    return row !== undefined && row.epoch === epoch && (row.until as number) > this.#clock.now();
  }

  /**
   * Removes the rows of processes that are gone, each on condition that it is still that process's row, and says which
   * were left because their process lives.
   */
  async bury(waiters: readonly Waiter[]): Promise<readonly Waiter[]> {
    const living: Waiter[] = [];
    const known = new Map<string, boolean>();
    for (const waiter of waiters) {
      const { task, epoch } = waiter;
      const process = `${task}\n${epoch}`;
      const alive = known.get(process) ?? (await this.alive(task, epoch));
      known.set(process, alive);
      if (alive) living.push(waiter);
      else await this.#deleteIf(waiterKey(waiter), { task, epoch });
    }
    return living;
  }

  /** Says that the task lives, for `ms` from now. Transports keep its address in the same row. */
  async announce(task: string, epoch: string, ms: number): Promise<void> {
    const until = this.#clock.now() + ms;
    const set = { epoch, until, ttl: Math.ceil(until / 1000) };
    await this.#table.transact([{ op: 'update', key: keys.task(task), set }]);
  }

  /** The task ends; nothing happens when a newer process of the same name has announced itself. */
  withdraw(task: string, epoch: string): Promise<void> {
    return this.#deleteIf(keys.task(task), { epoch });
  }

  async #deleteIf(key: Key, equals: Readonly<Record<string, string>>): Promise<void> {
    try {
      await this.#table.transact([{ op: 'delete', key, when: { equals } }]);
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error;
    }
  }
}

const waiterKey = ({ mailbox, device, request }: Pick<Waiter, 'mailbox' | 'device' | 'request'>) =>
  keys.waiter(mailbox, device, request);

function waiterOf(mailbox: MailboxId, row: Row): Waiter {
  const device = row.device as DeviceId;
  return {
    mailbox,
    device,
    request: row.sk.slice(keys.waiter(mailbox, device, '').sk.length),
    kind: row.kind as Waiter['kind'],
    task: row.task as string,
    epoch: row.epoch as string,
    at: row.at as number,
    until: row.until as number,
  };
}
