import type { MailboxId } from '../ops/ids.ts';
import { Flag, type HeldRequest } from './held.ts';
import type { HoldSpec } from './types.ts';

/** All held requests by mailbox. The requests of one mailbox form a list through themselves, newest first. */
export class Roster {
  readonly #heads = new Map<MailboxId, HeldRequest>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(held: HeldRequest): void {
    const { mailbox } = held.spec;
    held.next = this.#heads.get(mailbox);
    this.#heads.set(mailbox, held);
    this.#size++;
  }

  remove(held: HeldRequest): void {
    const { mailbox } = held.spec;
    const head = this.#heads.get(mailbox);
    if (head === held) {
      if (held.next) this.#heads.set(mailbox, held.next);
      else this.#heads.delete(mailbox);
      this.#size--;
    } else {
      for (let entry = head; entry; entry = entry.next) {
        if (entry.next !== held) continue;
        entry.next = held.next;
        this.#size--;
        break;
      }
    }
    held.next = undefined;
  }

  /** A copy, so that requests may leave while it is gone through. */
  of(mailbox: MailboxId): HeldRequest[] {
    const all: HeldRequest[] = [];
    for (let entry = this.#heads.get(mailbox); entry; entry = entry.next) all.push(entry);
    return all;
  }

  all(): HeldRequest[] {
    const all: HeldRequest[] = [];
    for (const head of this.#heads.values()) {
      for (let entry: HeldRequest | undefined = head; entry; entry = entry.next) all.push(entry);
    }
    return all;
  }

  /**
   * The requests that a newer one of the same device and kind ends: those that watch one of its folders, and the
   * oldest where the device would hold more than `most`. Requests for other folders stay, because Samsung phones and
   * Windows Mobile hold one for each folder and would end their own ones in a circle. A Ping never ends a hanging Sync
   * or the other way round: AOSP has both under way at once.
   */
  olderThan(newer: Pick<HoldSpec<unknown>, 'mailbox' | 'device' | 'kind' | 'folders'>, most: number): HeldRequest[] {
    const mine = this.of(newer.mailbox).filter(
      ({ spec, flags }) => spec.device === newer.device && spec.kind === newer.kind && (flags & Flag.ended) === 0,
    );
    return mine.filter(
      ({ spec }, place) => place >= most - 1 || spec.folders.some((folder) => newer.folders.includes(folder)),
    );
  }
}
