/** A table in memory, for tests that decide when each operation happens or fails. The engines have their own suite. */
import {
  type Condition,
  ConditionFailed,
  type Key,
  type Query,
  type Row,
  type Table,
  type Write,
} from '../../lib/store/ports.ts';

export type Operation = 'get' | 'batchGet' | 'query' | 'transact';

export class MemoryTable implements Table {
  readonly #rows = new Map<string, Row>();
  /** Runs before and after each operation takes effect; may wait or throw. */
  before: (operation: Operation) => Promise<void> | void = () => {};
  after: (operation: Operation) => Promise<void> | void = () => {};
  readonly writes: Write[][] = [];

  rows(prefix = ''): Row[] {
    return [...this.#rows.values()].filter((row) => row.sk.startsWith(prefix));
  }

  get(key: Key): Promise<Row | undefined> {
    return this.#run('get', () => this.#rows.get(id(key)));
  }
  batchGet(keys: readonly Key[]): Promise<readonly (Row | undefined)[]> {
    return this.#run('batchGet', () => keys.map((key) => this.#rows.get(id(key))));
  }
  query({ table, pk, prefix = '', from = '', to = '\uffff', limit = 1e9 }: Query): Promise<readonly Row[]> {
    return this.#run('query', () =>
      [...this.#rows]
        .filter(([name, row]) => name.startsWith(`${table}\n`) && row.pk === pk)
        .map(([, row]) => row)
        .filter(({ sk }) => sk.startsWith(prefix) && sk >= from && sk <= to)
        .sort((a, b) => (a.sk < b.sk ? -1 : 1))
        .slice(0, limit),
    );
  }
  transact(writes: readonly Write[]): Promise<void> {
    return this.#run('transact', () => {
      const failed = writes.flatMap((write, place) => (this.#holds(write) ? [] : [place]));
      if (failed.length > 0) throw new ConditionFailed(failed);
      this.writes.push([...writes]);
      for (const write of writes) this.#apply(write);
    });
  }

  async #run<T>(operation: Operation, work: () => T): Promise<T> {
    await this.before(operation);
    const result = work();
    await this.after(operation);
    return result;
  }
  #holds(write: Write): boolean {
    if (!write.when) return true;
    const row = this.#rows.get(id(keyOf(write)));
    return holds(write.when, row);
  }
  #apply(write: Write): void {
    const key = keyOf(write);
    if (write.op === 'put') this.#rows.set(id(key), write.row);
    else if (write.op === 'delete') this.#rows.delete(id(key));
    else if (write.op === 'update') {
      const row: Row = { ...this.#rows.get(id(key)), ...write.set, pk: key.pk, sk: key.sk };
      this.#rows.set(id(key), row);
    }
  }
}

const id = ({ table, pk, sk }: Key) => `${table}\n${pk}\n${sk}`;
const keyOf = (write: Write): Key =>
  write.op === 'put' ? { table: write.table, pk: write.row.pk, sk: write.row.sk } : write.key;

function holds(when: Condition, row: Row | undefined): boolean {
  if ('equals' in when) return Object.entries(when.equals).every(([name, value]) => row?.[name] === value);
  return when.row === 'present' ? row !== undefined : row === undefined;
}
