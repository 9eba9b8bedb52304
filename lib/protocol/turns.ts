import pLimit from 'p-limit';

/** Runs what is given once it is its turn. */
export type Turn = <T>(run: () => Promise<T>) => Promise<T>;

/**
 * How many requests are worked on at once; the rest wait in the order in which they came, for as long as it takes. Phones
 * whose server or task ended come back all at once: taken in together, each would be finished as late as the last, and a
 * small task has no memory for what thousands of half-done requests hold.
 */
export interface Turns {
  /** Device, decisions and policy of those whose body is still on its way. */
  readonly admission: Turn;
  /** The rest, or all. Of its own, so that those who are let in end before more are let in. */
  readonly work: Turn;
}

/** @param atOnce requests in each of the two, a positive whole number */
export function createTurns(atOnce: number): Turns {
  return { admission: pLimit(atOnce), work: pLimit(atOnce) };
}
