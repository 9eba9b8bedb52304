import { Flag, type HeldRequest } from './held.ts';

/** Held requests that wait for a look at their mailbox: wakes before sweeps, so many at once and no more. */
export class LookQueue {
  readonly #limit: number;
  readonly #look: (held: HeldRequest) => Promise<void>;
  readonly #urgent = new Fifo<HeldRequest>();
  readonly #idle = new Fifo<HeldRequest>();
  #running = 0;

  /** `look` must not reject. */
  constructor(limit: number, look: (held: HeldRequest) => Promise<void>) {
    this.#limit = limit;
    this.#look = look;
  }

  /** Harmless for a request that waits already, is being looked at (the look's end sees `dirty`) or has ended. */
  add(held: HeldRequest, urgent: boolean): void {
    if (held.has(Flag.queued | Flag.looking | Flag.ended)) return;
    held.set(Flag.queued);
    (urgent ? this.#urgent : this.#idle).push(held);
    this.#pump();
  }

  #pump(): void {
    while (this.#running < this.#limit) {
      const held = this.#urgent.shift() ?? this.#idle.shift();
      if (!held) return;
      held.unset(Flag.queued);
      if (!held.ended) void this.#run(held);
    }
  }

  async #run(held: HeldRequest): Promise<void> {
    this.#running++;
    try {
      await this.#look(held);
    } finally {
      this.#running--;
      this.#pump();
    }
  }
}

/** A queue whose `shift` does not move what remains. */
class Fifo<T> {
  #items: T[] = [];
  #head = 0;

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head++];
    if (this.#head === this.#items.length || this.#head > 1024) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
