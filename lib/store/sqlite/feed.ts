/**
 * The feed of committed heads. Inside the process a listener hears of a commit at once, in a microtask. Commits of
 * other processes are read from the `feed` table when their bell rings, or at the next look, which comes anyway.
 */
import type { Cancel, Clock } from '../../ops/clock.ts';
import { errorFields, type Log } from '../../ops/log.ts';
import type { Feed, FeedRecord, Row } from '../ports.ts';
import type { Bell } from './bell.ts';
import type { Database } from './database.ts';
import { decodeRow } from './encoding.ts';
import type { Change } from './writer.ts';

type Listener = (records: readonly FeedRecord[]) => void;

/** Rows that one look reads at a time. */
const PAGE = 500;

export interface FeedOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Between two looks for commits whose bell was not heard, in milliseconds. */
  readonly lookMs: number;
}

export class SqliteFeed implements Feed {
  readonly #db: Database;
  readonly #bell: Bell;
  readonly #options: FeedOptions;
  readonly #listeners = new Set<Listener>();
  /** Id of the last feed row that was told. */
  #last = 0;
  #stop: Cancel | undefined;

  constructor(db: Database, bell: Bell, options: FeedOptions) {
    this.#db = db;
    this.#bell = bell;
    this.#options = options;
  }

  subscribe(listener: Listener): Cancel {
    // An own wrapper, so that subscribing one function twice makes two subscriptions.
    const own: Listener = (records) => listener(records);
    if (this.#listeners.size === 0) this.#start();
    this.#listeners.add(own);
    return () => {
      if (this.#listeners.delete(own) && this.#listeners.size === 0) this.#end();
    };
  }

  /** Own commits, in order. */
  committed(changes: readonly Change[]): void {
    this.#bell.ring();
    if (this.#listeners.size === 0) return;
    const last = this.#last;
    if (changes[0]!.id === last + 1) {
      this.#last = changes.at(-1)!.id;
      this.#tell(changes.map(({ pk, sk, row }) => ({ pk, sk, row })));
    } else if (changes.at(-1)!.id > last) {
      // Another process committed in between: the table has both in their order.
      this.look();
    }
  }

  /** Reads what other processes committed since. */
  look(): void {
    try {
      while (this.#stop) {
        const rows = this.#db
          .sql('SELECT id, pk, sk, body FROM feed WHERE id > ? ORDER BY id LIMIT ?')
          .all(this.#last, PAGE) as unknown as [number, string, string, string | null][];
        if (rows.length === 0) return;
        if (rows[0]![0] > this.#last + 1) this.#options.log.warn('feed.gap', { missed: rows[0]![0] - this.#last - 1 });
        this.#last = rows.at(-1)![0];
        this.#tell(rows.map(([, pk, sk, body]) => ({ pk, sk, row: decode(body) })));
      }
    } catch (error) {
      this.#options.log.warn('feed.unreadable', errorFields(error));
    }
  }

  close(): void {
    this.#listeners.clear();
    this.#end();
  }

  #start(): void {
    const [last] = this.#db
      .sql("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'feed'")
      .get() as unknown as [number];
    this.#last = last;
    const { clock, lookMs } = this.#options;
    const bell = this.#bell.listen(() => this.look());
    let timer: Cancel;
    const again = () => {
      timer = clock.after(lookMs, () => {
        this.look();
        again();
      });
    };
    again();
    this.#stop = () => {
      bell();
      timer();
    };
  }

  #end(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #tell(records: readonly FeedRecord[]): void {
    const listeners = [...this.#listeners];
    queueMicrotask(() => {
      for (const listener of listeners) {
        if (!this.#listeners.has(listener)) continue;
        try {
          listener(records);
        } catch (error) {
          this.#options.log.error('feed.listener', errorFields(error));
        }
      }
    });
  }
}

function decode(body: string | null): Row | undefined {
  return body === null ? undefined : decodeRow(body);
}
