import type { EasResponse, Held } from '../http/types.ts';
import type { FolderId } from '../ops/ids.ts';
import type { HoldSpec, Outcome } from './types.ts';
import { Timed } from './wheel.ts';

/** What a held request asks of the holder that keeps it; one object for all of them. */
export interface Keeper {
  /** Begins every registration's name: unique among processes. */
  readonly epoch: string;
  due(held: HeldRequest, tick: number): void;
  abandoned(held: HeldRequest): void;
  /** A settled request is off the hands: delivered, or nobody wants it any more. */
  answered(held: HeldRequest): void;
  failed(held: HeldRequest, error: unknown): void;
}

/** States of a held request, as bits. */
export const Flag = {
  /** Its waiter row is in the store. */
  registered: 1,
  /** A look is under way. */
  looking: 2,
  /** It waits in the queue for a look. */
  queued: 4,
  /** Something happened after the last look began. */
  dirty: 8,
  /** The same, but only what may be told later. */
  stale: 16,
  /** A look has succeeded at least once. */
  looked: 32,
  /** The next look is the last: its result is the answer. */
  final: 64,
  /** News were merged long enough: the next look answers without pacing. */
  tell: 128,
  draining: 256,
  /** Decided; it is out of the roster. */
  ended: 512,
  abandoned: 1024,
} as const;

const NONE: readonly FolderId[] = [];
const NOTHING = new Uint8Array(0);

/** For an answer that could not be made. Never 500: iOS downloads everything again after several. */
const UNAVAILABLE: EasResponse = {
  status: 503,
  headers: { 'Content-Length': '0', 'Retry-After': '30' },
  body: NOTHING,
};

/**
 * One request that waits: the `Held` that the host keeps, the entry of the wheel and the entry of the roster in one
 * object, since fifteen thousand of them live at once.
 */
export class HeldRequest extends Timed implements Held {
  readonly id: number;
  /** Epoch milliseconds of its beginning, to tell the newer of two. */
  readonly at: number;
  readonly spec: HoldSpec<unknown>;
  /** The next held request of the same mailbox. */
  next: HeldRequest | undefined = undefined;
  flags = 0;
  /** Looks in a row that failed. */
  tries = 0;
  deadlineTick = 0;
  /** When to look again without any wake. */
  sweepTick = 0;
  /** When news that are being merged are told; 0 while there are none. */
  answerTick = 0;
  /** When changes that were held back are told; 0 while there are none, or while they wait for the heartbeat. */
  laterTick = 0;
  news: readonly FolderId[] = NONE;
  later: readonly FolderId[] = NONE;
  /** By folder the `seq` and `added` of the last wake; made by the first wake. */
  seen: number[] | undefined = undefined;
  readonly #keeper: Keeper;
  #encode: ((value: unknown) => EasResponse) | undefined;
  /** Where the answer goes, or the answer while nobody has said where. */
  #end: ((response: EasResponse) => void) | EasResponse | undefined = undefined;

  constructor(
    keeper: Keeper,
    id: number,
    at: number,
    spec: HoldSpec<unknown>,
    encode: (value: unknown) => EasResponse,
  ) {
    super();
    this.#keeper = keeper;
    this.id = id;
    this.at = at;
    this.spec = spec;
    this.#encode = encode;
  }

  get kind(): 'held' {
    return 'held';
  }
  get key(): string {
    return `${this.#keeper.epoch}-${this.id.toString(36)}`;
  }
  get deadline(): number {
    return this.spec.deadline;
  }
  get ended(): boolean {
    return this.has(Flag.ended);
  }

  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }
  set(flag: number): void {
    this.flags |= flag;
  }
  unset(flag: number): void {
    this.flags &= ~flag;
  }

  override fire(tick: number): void {
    this.#keeper.due(this, tick);
  }

  complete(sink: (response: EasResponse) => void): void {
    const end = this.#end;
    if (this.has(Flag.abandoned) || typeof end === 'function') return;
    this.#end = sink;
    if (end) this.#deliver(end);
  }

  abandon(): void {
    if (this.has(Flag.abandoned)) return;
    this.set(Flag.abandoned);
    const answer = this.#end;
    this.#end = undefined;
    if (this.#encode) this.#keeper.abandoned(this);
    else if (typeof answer === 'object') this.#keeper.answered(this);
    this.#encode = undefined;
  }

  /** Makes the answer and hands it over. The holder calls it once, and never after `abandon`. */
  settle(outcome: Outcome): void {
    const encode = this.#encode;
    if (!encode) return;
    this.#encode = undefined;
    try {
      const value = this.spec.answer(outcome);
      if (value instanceof Promise) void this.#settleLater(value, encode);
      else this.#deliver(encode(value));
    } catch (error) {
      this.#fail(error);
    }
  }

  async #settleLater(value: Promise<unknown>, encode: (value: unknown) => EasResponse): Promise<void> {
    try {
      this.#deliver(encode(await value));
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#keeper.failed(this, error);
    this.#deliver(UNAVAILABLE);
  }

  #deliver(response: EasResponse): void {
    if (this.has(Flag.abandoned)) {
      this.#keeper.answered(this);
      return;
    }
    if (typeof this.#end !== 'function') {
      this.#end = response;
      return;
    }
    const sink = this.#end;
    this.#end = undefined;
    // A second `complete` or a late `abandon` finds nothing to do.
    this.set(Flag.abandoned);
    try {
      sink(response);
    } catch (error) {
      this.#keeper.failed(this, error);
    }
    this.#keeper.answered(this);
  }
}
