import { HttpFailure } from '../http/failure.ts';
import type { Budget } from '../ops/budget.ts';

/** Bodies up to this size wait for nobody: Pings and most Syncs go on whatever others send. */
const FREE_BYTES = 64 * 1024;

/** What one body takes of the memory that all requests have for theirs, until it is released. */
export class BodyRoom {
  readonly #budget: Budget;
  #size = 0;
  #taken = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** For bytes that are kept beside those of this room, counted by themselves. */
  beside(): BodyRoom {
    return new BodyRoom(this.#budget);
  }

  /** @throws HttpFailure 503 where there is no room now */
  grow(bytes: number): void {
    this.#size += bytes;
    if (this.#size <= FREE_BYTES) return;
    const more = this.#size - this.#taken;
    if (!this.#budget.take(more)) {
      throw new HttpFailure(503, 'too many large bodies at once', {
        headers: { 'Retry-After': '10' },
        label: 'bodies-in-flight',
      });
    }
    this.#taken = this.#size;
  }

  release(): void {
    this.#budget.give(this.#taken);
    this.#taken = 0;
    this.#size = 0;
  }
}
