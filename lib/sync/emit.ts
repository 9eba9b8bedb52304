import type { Item, ItemClass } from '../mailbox/types.ts';
import type { ItemId } from '../ops/ids.ts';
import { errorFields, type Log } from '../ops/log.ts';
import { StoreUnavailable } from '../store/ports.ts';
import type { Fragment } from '../wbxml/writer.ts';
import type { ItemClassHandler, View } from './item-class.ts';
import { type Loop, SHORT_BYTES } from './loop.ts';
import { fits, type Room, take } from './window.ts';

/** A child of `Commands` in a response. */
export type ServerCommand =
  | {
      readonly tag: 'Add' | 'Change';
      readonly value: { readonly Class?: string; readonly ServerId: string; readonly ApplicationData: Fragment };
    }
  | { readonly tag: 'Delete' | 'SoftDelete'; readonly value: { readonly ServerId: string } };

export interface EmitterInput {
  readonly handler: ItemClassHandler;
  readonly view: View;
  /** Of text messages in a mail folder. */
  readonly sms?: { readonly handler: ItemClassHandler; readonly view: View };
  /** The cut-off: mail below it is there for its conversation. */
  readonly goal?: string;
  readonly room: Room;
  /** The collection's class: items of it do not say theirs (MS-ASCMD R942). */
  readonly itemClass: ItemClass;
  readonly serverId: (item: ItemId) => string;
  readonly log: Log;
  /** The interval was cut before: everything goes in, large items shortened. */
  readonly everything: boolean;
}

/** `stop`: no room, nothing was written. `skipped`: the item cannot be shown. */
export type Emitted = 'done' | 'skipped' | 'stop';

/** Writes the commands of one collection into the room of a response. */
export class Emitter {
  readonly commands: ServerCommand[] = [];
  /** Items that could not be added, because they cannot be rendered. */
  readonly poison: ItemId[] = [];
  /** Items that the device has after this answer, or no longer has. */
  readonly told: ItemId[] = [];
  readonly #input: EmitterInput;
  #short = false;
  #refused: ReadonlySet<ItemId> = new Set();

  constructor(input: EmitterInput) {
    this.#input = input;
  }

  /** For a device that asks for the same answer again and again; `lost`: what it is not told of any more, from now on. */
  limit(loop: Loop | undefined, lost: ItemId | undefined): void {
    this.#short = loop?.short === true;
    this.#refused = new Set(loop?.refused);
    if (lost) this.#input.log.error('sync.item.left-out', { item: lost, class: this.#input.itemClass });
  }

  get full(): boolean {
    return !this.#input.everything && this.#input.room.items <= 0;
  }

  /** Resolves at once, without a promise, where the class renders at once. */
  put(tag: 'Add' | 'Change', item: Item): Emitted | Promise<Emitted> {
    if (this.#refused.has(item.id)) return this.#leftOut(tag, item);
    if (this.#short) return this.#fits(SHORT_BYTES) ? this.#shortened(tag, item, SHORT_BYTES) : 'stop';
    try {
      const { handler, view } = this.#usedFor(item);
      const rendered = handler.render(item, view);
      if (rendered instanceof Promise) {
        return rendered.then(
          (fragment) => this.#place(tag, item, fragment),
          (error: unknown) => this.#failed(tag, item, error),
        );
      }
      return this.#place(tag, item, rendered);
    } catch (error) {
      return this.#failed(tag, item, error);
    }
  }

  flags(item: Item, parts: string | undefined): Emitted {
    try {
      const { handler, view } = this.#usedFor(item);
      const fragment = handler.renderFlags(item, parts, view);
      // A flag or a category that this version has no element for.
      if (fragment.size === 0) return 'done';
      if (!this.#fits(fragment.size)) return 'stop';
      this.#push('Change', item, fragment);
      return 'done';
    } catch (error) {
      return this.#failed('Change', item, error);
    }
  }

  remove(tag: 'Delete' | 'SoftDelete', item: ItemId): Emitted {
    if (!this.#fits(0)) return 'stop';
    take(this.#input.room, 0);
    this.told.push(item);
    this.commands.push({ tag, value: { ServerId: this.#input.serverId(item) } });
    return 'done';
  }

  /** How items of this one's class are shown. @throws TypeError for a class that this collection does not take */
  #usedFor(item: Item): { readonly handler: ItemClassHandler; readonly view: View } {
    const { handler, view, sms, itemClass, goal } = this.#input;
    if (item.class !== itemClass) {
      if (sms?.handler.itemClass === item.class) return sms;
      throw new TypeError(`a ${item.class} in a folder of ${itemClass}`);
    }
    return goal !== undefined && item.id < goal ? { handler, view: { ...view, beyond: true } } : { handler, view };
  }

  #fits(bytes: number): boolean {
    return this.#input.everything || fits(this.#input.room, bytes);
  }

  #place(tag: 'Add' | 'Change', item: Item, fragment: Fragment): Emitted | Promise<Emitted> {
    const { room } = this.#input;
    if (fits(room, fragment.size)) {
      this.#push(tag, item, fragment);
      return 'done';
    }
    // Later items may be smaller, but order is what makes a window resumable.
    if (!this.#input.everything && !(room.empty && room.items > 0)) return 'stop';
    return this.#shortened(tag, item);
  }

  /** One item that is more than a response holds goes out with less of its body; the client fetches the rest. */
  async #shortened(tag: 'Add' | 'Change', item: Item, most = Number.POSITIVE_INFINITY): Promise<Emitted> {
    const { room } = this.#input;
    try {
      const { handler, view } = this.#usedFor(item);
      const atMost = Math.max(0, Math.floor(Math.min(room.bytes, view.atMost ?? room.bytes, 4 * most) / 4));
      this.#push(tag, item, await handler.render(item, { ...view, atMost }));
      return 'done';
    } catch (error) {
      return this.#failed(tag, item, error);
    }
  }

  #push(tag: 'Add' | 'Change', item: Item, fragment: Fragment): void {
    take(this.#input.room, fragment.size);
    this.told.push(item.id);
    const ServerId = this.#input.serverId(item.id);
    const own = item.class === this.#input.itemClass;
    this.commands.push({
      tag,
      value: own ? { ServerId, ApplicationData: fragment } : { Class: item.class, ServerId, ApplicationData: fragment },
    });
  }

  #failed(tag: 'Add' | 'Change', item: Item, error: unknown): Emitted {
    if (error instanceof StoreUnavailable) throw error;
    this.#input.log.error('sync.item.skipped', { item: item.id, class: item.class, ...errorFields(error) });
    return this.#leftOut(tag, item);
  }

  /** A device that has the item keeps the version that could be shown. */
  #leftOut(tag: 'Add' | 'Change', item: Item): Emitted {
    if (tag === 'Add') this.poison.push(item.id);
    return 'skipped';
  }
}
