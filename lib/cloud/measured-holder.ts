import { LRUCache } from 'lru-cache';
import type { EasResponse, Held } from '../http/types.ts';
import type { Clock } from '../ops/clock.ts';
import type { MailboxId } from '../ops/ids.ts';
import type { Metrics } from '../ops/metrics.ts';
import type { Holder, HoldSpec, Outcome, Wake } from '../push/types.ts';

/** An answer this long after a wake of its mailbox is put down to that wake: news are merged for a second at most. */
const CAUSED_MS = 3000;
/** Mailboxes that are remembered to have been woken. */
const REMEMBERED = 10_000;

interface Told {
  readonly at: number;
  readonly cause: 'fast-path' | 'feed';
  readonly committed: number | undefined;
}

/** A holder that counts: heartbeats asked for, what ended the waiting, how long after the commit. */
export function measuredHolder(inner: Holder, clock: Clock, metrics: Metrics): Holder {
  const told = new LRUCache<MailboxId, Told>({ max: REMEMBERED });
  let recheckedAt = Number.NEGATIVE_INFINITY;

  function note(wakes: readonly Wake[], cause: Told['cause']): void {
    for (const { mailbox, at } of wakes) told.set(mailbox, { at: clock.now(), cause, committed: at });
  }

  function ended(spec: CountedSpec<unknown>, outcome: Outcome): void {
    if (outcome.kind !== 'changes' && outcome.kind !== 'hierarchy') return;
    const now = clock.now();
    const by = told.get(spec.mailbox);
    // What was there before the request came is told by its first look: there was nobody to wake.
    if (spec.waiting && !(by && by.at >= spec.began)) return;
    if (by && now - by.at <= CAUSED_MS) {
      metrics.add('Wakes', 1, by.cause);
      // Clocks of two machines may differ by a little.
      if (by.committed !== undefined) metrics.add('CommitToResponse', Math.max(0, now - by.committed));
    } else metrics.add('Wakes', 1, now - recheckedAt <= 60_000 ? 'reconnect' : 'sweep');
  }

  return {
    get held() {
      return inner.held;
    },
    hold<T>(spec: HoldSpec<T>, encode: (value: T) => EasResponse): Held {
      const began = clock.now();
      metrics.add('Heartbeat', Math.round((spec.deadline - began) / 1000));
      return cutCounted(inner.hold(new CountedSpec(spec, began, ended), encode), () => {
        metrics.add('HeldUntilCut', (clock.now() - began) / 1000);
      });
    },
    wake(wakes) {
      note(wakes, 'fast-path');
      inner.wake(wakes);
    },
    receive(message) {
      note(message.wakes, message.cause ?? 'feed');
      inner.receive(message);
    },
    recheck(ms) {
      recheckedAt = clock.now();
      inner.recheck(ms);
    },
    drain: (ms) => inner.drain(ms),
    close: () => inner.close(),
  };
}

/** The same request; tells how it ended. Thousands live at once, so it has methods and no closures. */
class CountedSpec<T> implements HoldSpec<T> {
  /** Whether its first look found something to tell; `undefined` before it. */
  waiting: boolean | undefined;
  readonly began: number;
  readonly #spec: HoldSpec<T>;
  readonly #ended: (spec: CountedSpec<unknown>, outcome: Outcome) => void;

  constructor(spec: HoldSpec<T>, began: number, ended: (spec: CountedSpec<unknown>, outcome: Outcome) => void) {
    this.began = began;
    this.#spec = spec;
    this.#ended = ended;
  }
  get kind() {
    return this.#spec.kind;
  }
  get mailbox() {
    return this.#spec.mailbox;
  }
  get device() {
    return this.#spec.device;
  }
  get deadline() {
    return this.#spec.deadline;
  }
  get folders() {
    return this.#spec.folders;
  }
  async look(woken?: boolean) {
    const sight = await this.#spec.look(woken);
    this.waiting ??= sight.now.length > 0 || sight.hierarchy;
    return sight;
  }
  answer(outcome: Outcome): T | Promise<T> {
    this.#ended(this, outcome);
    return this.#spec.answer(outcome);
  }
}

/** Hosts say `abandon` for every closed connection; before the answer it means that somebody cut it. */
function cutCounted(held: Held, cut: () => void): Held {
  let answered = false;
  return {
    kind: 'held',
    key: held.key,
    deadline: held.deadline,
    complete(sink) {
      held.complete((response) => {
        answered = true;
        sink(response);
      });
    },
    abandon() {
      if (!answered) cut();
      answered = true;
      held.abandon();
    },
  };
}
