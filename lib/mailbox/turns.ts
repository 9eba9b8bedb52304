/**
 * Lets the writers of one process take turns by name. It is no lock: other processes write at any time and conditions
 * decide. It spares a burst of deliveries to one folder from failing each other's conditions over and over.
 */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** Runs `work` when all earlier work under any of these names has ended. */
  async run<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
    const before = names.map((name) => this.#last.get(name));
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    // All names are taken in one step, so that two who want the same pair cannot wait for each other.
    for (const name of names) this.#last.set(name, ended);
    try {
      await Promise.all(before);
      return await work();
    } finally {
      for (const name of names) if (this.#last.get(name) === ended) this.#last.delete(name);
      end();
    }
  }

  /** Names under which work runs or waits. */
  get size(): number {
    return this.#last.size;
  }
}
