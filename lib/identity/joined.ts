/** One piece of work that several wait for. */
interface Flight<T> {
  readonly result: Promise<T>;
  readonly giving: GivingUp;
  users: number;
}

/** What the work must know: that nobody wants it any more. */
export class GivingUp {
  isOver = false;
  /** Called once, when the last has gone. */
  onOver: (() => void) | undefined;
}

/** The same work asked for several times at once is done once, and given up when all who asked for it have gone. */
export class Joined<T> {
  readonly #flights = new Map<string, Flight<T>>();
  readonly #gone: T;

  /** @param gone what those are told who went before the end */
  constructor(gone: T) {
    this.#gone = gone;
  }

  /** @param begin is called unless the work of this key is under way */
  run(key: string, signal: AbortSignal | undefined, begin: (giving: GivingUp) => Promise<T>): Promise<T> {
    if (signal?.aborted) return Promise.resolve(this.#gone);
    const flight = this.#flights.get(key) ?? this.#begin(key, begin);
    flight.users++;
    if (!signal) return flight.result;
    return new Promise((resolve, reject) => {
      const leave = () => {
        resolve(this.#gone);
        if (--flight.users === 0) this.#giveUp(key, flight);
      };
      signal.addEventListener('abort', leave, { once: true });
      flight.result.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
    });
  }

  #begin(key: string, begin: (giving: GivingUp) => Promise<T>): Flight<T> {
    const giving = new GivingUp();
    const result = begin(giving).finally(() => this.#forget(key, flight));
    const flight: Flight<T> = { result, giving, users: 0 };
    this.#flights.set(key, flight);
    return flight;
  }

  #giveUp(key: string, flight: Flight<T>): void {
    // Whoever asks from now on must not be told that all have gone.
    this.#forget(key, flight);
    flight.giving.isOver = true;
    flight.giving.onOver?.();
  }

  #forget(key: string, flight: Flight<T>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}
