/** One holder of a name at a time, in the order of asking. Nothing is kept for a name that nobody wants. */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Runs when all that asked for this name before have ended, however they ended. */
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(name);
    const mine = before === undefined ? work() : before.then(work, work);
    this.#tails.set(name, mine);
    try {
      return await mine;
    } finally {
      if (this.#tails.get(name) === mine) this.#tails.delete(name);
    }
  }

  get size(): number {
    return this.#tails.size;
  }
}
