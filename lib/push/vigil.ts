import type { FolderId } from '../ops/ids.ts';
import { Flag, type HeldRequest } from './held.ts';
import type { HoldOptions } from './options.ts';
import type { Paces } from './pace.ts';
import type { Outcome, Sight, Wake } from './types.ts';
import type { Wheel } from './wheel.ts';

/** What a vigil may have done to a request. */
export interface VigilActions {
  end(held: HeldRequest, outcome: Outcome): void;
  look(held: HeldRequest, urgent: boolean): void;
  register(held: HeldRequest): void;
}

export interface VigilDeps {
  readonly wheel: Wheel;
  readonly paces: Paces;
  readonly options: HoldOptions;
  /** 0 <= x < 1. */
  readonly random: () => number;
  readonly actions: VigilActions;
}

const NONE: readonly FolderId[] = [];

/**
 * Decides what becomes of a held request when something happens to it: a wake, a look, a failed look, a moment that it
 * waited for. Keeps nothing itself; all state is in the request.
 */
export class Vigil {
  readonly #deps: VigilDeps;

  constructor(deps: VigilDeps) {
    this.#deps = deps;
  }

  begin(held: HeldRequest, ms: number): void {
    const { wheel } = this.#deps;
    held.deadlineTick = wheel.in(ms);
    held.sweepTick = this.#sweepTick();
    this.#schedule(held);
  }

  /** A hint. Whether it is news for this device only a look can say, and only additions deserve one at once (R5641). */
  wake(held: HeldRequest, wake: Wake): void {
    if (wake.folder === undefined) {
      // After a restore the numbers begin again.
      held.seen = undefined;
      this.stir(held);
      return;
    }
    const place = held.spec.folders.indexOf(wake.folder);
    if (place < 0) return;
    if (wake.seq === undefined) {
      this.stir(held);
      return;
    }
    held.seen ??= new Array<number>(held.spec.folders.length * 2).fill(-1);
    if (wake.seq <= held.seen[place * 2]!) return;
    held.seen[place * 2] = wake.seq;
    const added = wake.added ?? wake.seq;
    if (added > held.seen[place * 2 + 1]!) {
      held.seen[place * 2 + 1] = added;
      this.stir(held);
    } else this.#stale(held);
  }

  /** Something may be there: look, unless a look is about to come anyway. */
  stir(held: HeldRequest): void {
    // Before it is registered nothing has been looked at: the first look comes after this wake.
    if (held.ended || !held.has(Flag.registered)) return;
    held.set(Flag.dirty);
    if (held.answerTick === 0) {
      this.#deps.actions.look(held, true);
      return;
    }
    const { mailbox, device } = held.spec;
    held.answerTick = this.#deps.paces.newsAt(mailbox, device, this.#deps.wheel.now());
    this.#schedule(held);
  }

  /** Flags or deletions: one look at the end tells them, however many there are. */
  #stale(held: HeldRequest): void {
    if (held.ended || held.has(Flag.stale)) return;
    held.set(Flag.stale);
    this.#holdBack(held);
    this.#schedule(held);
  }

  /** A look succeeded. */
  seen(held: HeldRequest, sight: Sight): void {
    if (held.ended) return;
    held.set(Flag.looked);
    held.tries = 0;
    held.sweepTick = this.#sweepTick();
    held.later = sight.later.length > 0 ? sight.later : NONE;
    // News that wait to be told stay news: an answer that may have been lost is seen by one look and no other.
    const now = held.news.length > 0 ? [...held.news, ...sight.now] : sight.now;
    held.news = now.length > 0 ? union(held.spec.folders, now, sight.later) : NONE;
    if (sight.hierarchy) this.#deps.actions.end(held, { kind: 'hierarchy' });
    else if (held.has(Flag.final)) {
      // What came during the last look deserves another one, as long as there is grace.
      if (held.has(Flag.dirty | Flag.stale)) this.#deps.actions.look(held, true);
      else this.#finish(held);
    } else if (held.has(Flag.tell)) this.#tell(held);
    else if (held.news.length > 0) this.#pace(held);
    else {
      held.answerTick = 0;
      if (held.later.length > 0) this.#holdBack(held);
      this.#lookAgain(held);
    }
  }

  /** A look or the registration failed. What was to be looked for is still to be looked for. */
  failed(held: HeldRequest): void {
    if (held.ended) return;
    const { options, wheel, random, actions } = this.#deps;
    held.tries++;
    if (held.has(Flag.final)) {
      this.#finish(held);
      return;
    }
    if (held.has(Flag.tell) && held.news.length > 0) {
      this.#tell(held);
      return;
    }
    // One that was looked at has nothing better to do than to wait for the store: an error would send its phone away,
    // and all those that are held at once would come back at once.
    if (held.tries >= options.maxTries && !held.has(Flag.looked)) {
      actions.end(held, { kind: 'failed' });
      return;
    }
    if (held.has(Flag.registered)) held.set(Flag.dirty);
    const ms = Math.min(options.sweepMs, options.retryMs * 4 ** (held.tries - 1));
    held.sweepTick = wheel.in(ms * (0.75 + random() / 2));
    this.#schedule(held);
  }

  /** A moment came that it waited for. */
  due(held: HeldRequest, tick: number): void {
    if (held.ended) return;
    if (tick >= held.deadlineTick) {
      this.#expire(held);
      return;
    }
    if (held.answerTick !== 0 && tick >= held.answerTick) {
      // What arrived while the first news waited goes with them.
      if (held.has(Flag.dirty)) this.#lookToTell(held);
      else this.#tell(held);
    } else if (held.laterTick !== 0 && tick >= held.laterTick) {
      held.laterTick = 0;
      this.#lookToTell(held);
    } else if (tick >= held.sweepTick) {
      held.sweepTick = this.#sweepTick();
      if (held.has(Flag.registered)) this.#deps.actions.look(held, held.tries > 0);
      else this.#deps.actions.register(held);
    }
    if (!held.ended) this.#schedule(held);
  }

  /** The last look is due within `ms`. */
  drain(held: HeldRequest, ms: number): void {
    const tick = this.#deps.wheel.in(ms);
    if (tick >= held.deadlineTick) return;
    held.set(Flag.draining);
    held.deadlineTick = tick;
    this.#schedule(held);
  }

  /** A look within `ms`. */
  recheck(held: HeldRequest, ms: number): void {
    held.sweepTick = Math.min(held.sweepTick, this.#deps.wheel.in(ms));
    this.#schedule(held);
  }

  #pace(held: HeldRequest): void {
    const { paces, wheel } = this.#deps;
    const now = wheel.now();
    if (held.answerTick === 0) held.answerTick = paces.newsAt(held.spec.mailbox, held.spec.device, now);
    if (now >= held.answerTick) this.#tell(held);
    else this.#schedule(held);
  }

  #lookToTell(held: HeldRequest): void {
    held.set(Flag.tell | Flag.dirty);
    held.answerTick = 0;
    this.#deps.actions.look(held, true);
  }

  #tell(held: HeldRequest): void {
    const { mailbox, device } = held.spec;
    held.unset(Flag.tell);
    held.answerTick = 0;
    const folders = held.news.length > 0 ? held.news : held.later;
    if (folders.length === 0) {
      this.#lookAgain(held);
      return;
    }
    this.#deps.paces.told(mailbox, device, this.#deps.wheel.now());
    this.#deps.actions.end(held, { kind: 'changes', folders });
  }

  /** The heartbeat is over. Changes that nobody looked at yet get one look; one that hangs gets its grace and no more. */
  #expire(held: HeldRequest): void {
    const open = Flag.looking | Flag.queued | Flag.dirty | Flag.stale;
    if (held.has(Flag.final) || (held.has(Flag.looked) && !held.has(open))) {
      this.#finish(held);
      return;
    }
    held.set(Flag.final);
    held.deadlineTick = this.#deps.wheel.in(this.#deps.options.graceMs);
    if (held.has(Flag.registered)) this.#deps.actions.look(held, true);
    this.#schedule(held);
  }

  #finish(held: HeldRequest): void {
    const { end } = this.#deps.actions;
    if (held.news.length > 0) this.#tell(held);
    else if (held.has(Flag.draining)) end(held, { kind: 'draining' });
    else if (!held.has(Flag.looked)) end(held, { kind: 'failed' });
    else end(held, { kind: 'expired', folders: held.later });
  }

  #lookAgain(held: HeldRequest): void {
    if (held.has(Flag.dirty)) this.#deps.actions.look(held, true);
    this.#schedule(held);
  }

  #holdBack(held: HeldRequest): void {
    const { laterMs } = this.#deps.options;
    if (held.laterTick === 0 && Number.isFinite(laterMs)) held.laterTick = this.#deps.wheel.in(laterMs);
  }

  #sweepTick(): number {
    const { wheel, options, random } = this.#deps;
    return wheel.in(options.sweepMs * (0.8 + random() * 0.4));
  }

  #schedule(held: HeldRequest): void {
    if (held.ended) return;
    let tick = Math.min(held.deadlineTick, held.sweepTick);
    if (held.answerTick !== 0) tick = Math.min(tick, held.answerTick);
    if (held.laterTick !== 0) tick = Math.min(tick, held.laterTick);
    this.#deps.wheel.set(held, tick);
  }
}

/** In the order in which the device listed them, each once. */
function union(order: readonly FolderId[], now: readonly FolderId[], later: readonly FolderId[]): readonly FolderId[] {
  if (now.length === 1 && later.length === 0) return now;
  return order.filter((folder) => now.includes(folder) || later.includes(folder));
}
