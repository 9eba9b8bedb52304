/** The queue is full: the caller is told to come back later. */
export class Busy extends Error {
  override readonly name = 'Busy';
}

/** Lets so many run at once and so many wait; refuses the rest, so that a flood costs it nothing. */
export class Limiter {
  readonly #concurrency: number;
  readonly #queue: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor({ concurrency, queue }: { readonly concurrency: number; readonly queue: number }) {
    if (!(concurrency >= 1) || !(queue >= 0)) throw new RangeError('concurrency is at least 1, queue at least 0');
    this.#concurrency = concurrency;
    this.#queue = queue;
  }

  /** @throws Busy */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#concurrency) {
      if (this.#waiting.length >= this.#queue) throw new Busy('too many at once');
      // Whoever ends hands its place over, so `#running` stays as it is.
      await new Promise<void>((go) => this.#waiting.push(go));
    } else {
      this.#running++;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
