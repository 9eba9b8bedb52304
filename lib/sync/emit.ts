import type { Item, ItemClass } from '../mailbox/types.ts';
import type { ItemId } from '../ops/ids.ts';
import { errorFields, type Log } from '../ops/log.ts';
import { StoreUnavailable } from '../store/ports.ts';
import type { Fragment } from '../wbxml/writer.ts';
import type { ItemClassHandler, View } from './item-class.ts';
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

  constructor(input: EmitterInput) {
    this.#input = input;
  }

  get full(): boolean {
    return !this.#input.everything && this.#input.room.items <= 0;
  }

  /** Resolves at once, without a promise, where the class renders at once. */
  put(tag: 'Add' | 'Change', item: Item): Emitted | Promise<Emitted> {
    const { handler, view } = this.#input;
    try {
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
    const { handler, view } = this.#input;
    try {
      const fragment = handler.renderFlags(item, parts, view);
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
  async #shortened(tag: 'Add' | 'Change', item: Item): Promise<Emitted> {
    const { handler, view, room } = this.#input;
    try {
      const atMost = Math.max(0, Math.floor(Math.min(room.bytes, view.atMost ?? room.bytes) / 4));
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
    // A device that has the item keeps the version that could be shown.
    if (tag === 'Add') this.poison.push(item.id);
    return 'skipped';
  }
}
