import type { Table, Write } from '../store/ports.ts';

interface Job {
  readonly write: Write;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Writes rows that have nothing to do with each other, together where they meet: what arrives while transactions are
 * under way goes with the next one. No conditions: one that does not hold would fail its companions. A row may be
 * written again only when its last write is done.
 */
export class RowWriter {
  readonly #table: Table;
  readonly #most: number;
  readonly #atOnce: number;
  /** Registrations go first: a phone waits for them, nobody waits for a removal. */
  #puts: Job[] = [];
  #deletes: Job[] = [];
  #running = 0;

  constructor(table: Table, rowsPerWrite: number, writesAtOnce: number) {
    this.#table = table;
    this.#most = rowsPerWrite;
    this.#atOnce = writesAtOnce;
  }

  /** @throws what the table throws */
  write(write: Write): Promise<void> {
    return new Promise((done, failed) => {
      (write.op === 'delete' ? this.#deletes : this.#puts).push({ write, done, failed });
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#running < this.#atOnce) {
      const batch = this.#take();
      if (batch.length === 0) return;
      void this.#run(batch);
    }
  }

  #take(): Job[] {
    if (this.#puts.length > 0) {
      const batch = this.#puts.slice(0, this.#most);
      this.#puts = this.#puts.slice(batch.length);
      return batch;
    }
    const batch = this.#deletes.slice(0, this.#most);
    this.#deletes = this.#deletes.slice(batch.length);
    return batch;
  }

  async #run(batch: readonly Job[]): Promise<void> {
    this.#running++;
    try {
      await this.#table.transact(batch.map(({ write }) => write));
      for (const job of batch) job.done();
    } catch (error) {
      for (const job of batch) job.failed(error);
    } finally {
      this.#running--;
      this.#pump();
    }
  }
}
