import { describe, expect, test } from 'vitest';
import type { Item, ItemClass } from '../../../lib/mailbox/types.ts';
import type { ItemId } from '../../../lib/ops/ids.ts';
import { type LogFields, silentLog } from '../../../lib/ops/log.ts';
import { StoreUnavailable } from '../../../lib/store/ports.ts';
import { Emitter, type EmitterInput } from '../../../lib/sync/emit.ts';
import type { View } from '../../../lib/sync/item-class.ts';
import { DEFAULT_OPTIONS } from '../../../lib/sync/options.ts';
import type { Room } from '../../../lib/sync/window.ts';
import { Fragment } from '../../../lib/wbxml/index.ts';

const item = (id: string, over: object = {}) => ({ id, class: 'Email', seq: 1, ...over }) as unknown as Item;
const bytes = (size: number) => new Fragment(new Uint8Array(size), 0, 0);
/** Of `size` bytes in an answer. */
const sized = (size: number) => bytes(size - 2);

interface Given {
  readonly room?: Partial<Room>;
  readonly everything?: boolean;
  readonly itemClass?: ItemClass;
  readonly view?: Partial<View>;
  readonly goal?: string;
  readonly render?: EmitterInput['handler']['render'];
  readonly renderFlags?: EmitterInput['handler']['renderFlags'];
}

const VIEW: View = { version: 141, options: DEFAULT_OPTIONS };

function emitter(given: Given = {}) {
  const room: Room = { items: 10, bytes: 1000, empty: true, ...given.room };
  const logged: { event: string; fields?: LogFields }[] = [];
  const made = new Emitter({
    handler: {
      itemClass: 'Email',
      render: given.render ?? (() => sized(100)),
      renderFlags: given.renderFlags ?? (() => sized(10)),
    },
    view: { version: 141, options: DEFAULT_OPTIONS, ...given.view },
    sms: { handler: { itemClass: 'SMS', render: () => sized(50), renderFlags: () => sized(5) }, view: VIEW },
    goal: given.goal,
    room,
    itemClass: given.itemClass ?? 'Email',
    serverId: (id) => `folder:${id}`,
    log: { ...silentLog, error: (event, fields) => void logged.push({ event, fields }) },
    everything: given.everything ?? false,
  });
  return { made, room, logged };
}

const tags = (made: Emitter) => made.commands.map(({ tag, value }) => `${tag} ${value.ServerId}`);

describe('a command that is put into an answer', () => {
  test('names its item, its class only where it is another than the collection’s [MS-ASCMD R942]', async () => {
    const { made } = emitter();
    expect(made.put('Add', item('a'))).toBe('done');
    expect(made.put('Change', item('b', { class: 'SMS' }))).toBe('done');
    expect(made.commands).toMatchObject([
      { tag: 'Add', value: { ServerId: 'folder:a' } },
      { tag: 'Change', value: { ServerId: 'folder:b', Class: 'SMS' } },
    ]);
    expect(made.commands[0]!.value).not.toHaveProperty('Class');
    expect(made.told).toEqual(['a', 'b']);
  });

  test('is of no other class than the collection’s and text messages', async () => {
    const { made, logged } = emitter();
    expect(made.put('Add', item('a', { class: 'Calendar' }))).toBe('skipped');
    expect(made.poison).toEqual(['a']);
    expect(logged).toHaveLength(1);
  });

  test('shows mail below the cut-off as told for its conversation, and no other', async () => {
    const views: View[] = [];
    const render: Given['render'] = (_, view) => {
      views.push(view);
      return sized(10);
    };
    const { made } = emitter({ goal: '0m', render });
    await made.put('Add', item('0n'));
    await made.put('Add', item('0m'));
    await made.put('Add', item('0l'));
    expect(views.map(({ beyond }) => beyond)).toEqual([undefined, undefined, true]);
  });

  test('takes room, whatever its kind', async () => {
    const { made, room } = emitter({ room: { items: 4, bytes: 1000 } });
    await made.put('Add', item('a'));
    expect(room).toEqual({ items: 3, bytes: 1000 - 100 - 96, empty: false });
    expect(made.flags(item('b'), 'r')).toBe('done');
    expect(room).toMatchObject({ items: 2, bytes: 804 - 10 - 96 });
    expect(made.remove('Delete', 'c' as ItemId)).toBe('done');
    expect(room).toMatchObject({ items: 1, bytes: 698 - 96 });
    expect(made.full).toBe(false);
    expect(made.remove('SoftDelete', 'd' as ItemId)).toBe('done');
    expect(made.full).toBe(true);
    expect(tags(made)).toEqual(['Add folder:a', 'Change folder:b', 'Delete folder:c', 'SoftDelete folder:d']);
    expect(made.told).toEqual(['a', 'b', 'c', 'd']);
  });

  test('stops where no room is left for it, and takes none', async () => {
    const { made, room } = emitter({ room: { items: 10, bytes: 195, empty: false } });
    expect(await made.put('Add', item('a'))).toBe('stop');
    expect(emitter({ room: { items: 10, bytes: 196, empty: false } }).made.put('Add', item('a'))).toBe('done');
    expect(made.flags(item('b'), undefined)).toBe('done');
    expect(made.flags(item('c'), undefined)).toBe('stop');
    expect(made.remove('Delete', 'd' as ItemId)).toBe('stop');
    expect(room).toMatchObject({ items: 9, bytes: 89 });
    expect(tags(made)).toEqual(['Change folder:b']);
    expect(made.told).toEqual(['b']);
  });

  test('goes in without regard to room where the answer was cut before', async () => {
    const { made } = emitter({ room: { items: 0, bytes: 0, empty: false }, everything: true });
    expect(made.full).toBe(false);
    expect(await made.put('Add', item('a'))).toBe('done');
    expect(made.flags(item('b'), undefined)).toBe('done');
    expect(made.remove('Delete', 'c' as ItemId)).toBe('done');
    expect(tags(made)).toHaveLength(3);
  });

  test('waits for what takes time to be rendered', async () => {
    const { made } = emitter({ render: async () => sized(50) });
    const answer = made.put('Add', item('a'));
    expect(answer).toBeInstanceOf(Promise);
    expect(made.commands).toEqual([]);
    expect(await answer).toBe('done');
    expect(tags(made)).toEqual(['Add folder:a']);
  });

  test('tells the class which parts of the item changed', () => {
    const asked: unknown[] = [];
    const { made } = emitter({
      renderFlags: (one, parts, view) => {
        asked.push([one.id, parts, view.version]);
        return sized(10);
      },
    });
    made.flags(item('a'), 'rf');
    expect(asked).toEqual([['a', 'rf', 141]]);
  });
});

describe('an item that alone is more than an answer holds', () => {
  const large = (asked: (number | undefined)[]) => (_: Item, view: View) => {
    asked.push(view.atMost);
    return sized(view.atMost === undefined ? 5000 : 300);
  };

  test('goes out with less of its body, where it is the first', async () => {
    const asked: (number | undefined)[] = [];
    const { made, room } = emitter({ room: { bytes: 1001 }, render: large(asked) });
    expect(await made.put('Add', item('a'))).toBe('done');
    // A quarter: bodies grow where they are encoded.
    expect(asked).toEqual([undefined, 250]);
    expect(room).toMatchObject({ items: 9, bytes: 1001 - 300 - 96, empty: false });
    expect(tags(made)).toEqual(['Add folder:a']);
  });

  test('waits for the next answer where it is not, or where no item is allowed', async () => {
    for (const room of [{ empty: false }, { items: 0 }]) {
      const { made } = emitter({ room, render: large([]) });
      expect(await made.put('Add', item('a'))).toBe('stop');
      expect(made.commands).toEqual([]);
    }
  });

  test('is shortened within what the device may get, and never below nothing', async () => {
    const asked: (number | undefined)[] = [];
    const render = (_: Item, view: View) => {
      asked.push(view.atMost);
      return sized(5000);
    };
    await emitter({ render, view: { atMost: 400 } }).made.put('Add', item('a'));
    await emitter({ render, everything: true, room: { bytes: -500 } }).made.put('Add', item('a'));
    expect(asked).toEqual([400, 100, undefined, 0]);
  });
});

describe('an item that cannot be shown', () => {
  const fails = (): never => {
    throw new TypeError('with content: secret');
  };

  test('is skipped, remembered where it would have been added, and logged without its content', async () => {
    const { made, room, logged } = emitter({ render: fails, renderFlags: fails });
    expect(made.put('Add', item('a'))).toBe('skipped');
    expect(made.put('Change', item('b'))).toBe('skipped');
    expect(made.flags(item('c'), undefined)).toBe('skipped');
    expect(made.poison).toEqual(['a']);
    expect([made.commands, made.told]).toEqual([[], []]);
    expect(room.items).toBe(10);
    expect(logged.map(({ fields }) => fields)).toMatchObject([
      { item: 'a', class: 'Email', error: 'TypeError' },
      { item: 'b', class: 'Email', error: 'TypeError' },
      { item: 'c', class: 'Email', error: 'TypeError' },
    ]);
    expect(JSON.stringify(logged)).not.toContain('secret');
  });

  test('is skipped as well where that shows later, or only when it is shortened', async () => {
    const late = emitter({ render: async () => fails() });
    expect(await late.made.put('Add', item('a'))).toBe('skipped');
    expect(late.made.poison).toEqual(['a']);
    const cut = emitter({ render: (_, { atMost }) => (atMost === undefined ? sized(5000) : fails()) });
    expect(await cut.made.put('Add', item('a'))).toBe('skipped');
    expect(cut.made.poison).toEqual(['a']);
  });

  test('for want of the store stops the request, and is not taken for poison', async () => {
    const unavailable = (): never => {
      throw new StoreUnavailable('x');
    };
    const { made } = emitter({ render: unavailable, renderFlags: unavailable });
    expect(() => made.put('Add', item('a'))).toThrow(StoreUnavailable);
    expect(() => made.flags(item('a'), undefined)).toThrow(StoreUnavailable);
    await expect(emitter({ render: async () => unavailable() }).made.put('Add', item('a'))).rejects.toThrow(
      StoreUnavailable,
    );
    expect(made.poison).toEqual([]);
  });
});

describe('for a device that cannot digest what it is told', () => {
  test('items come with little of their body', async () => {
    const asked: (number | undefined)[] = [];
    const { made } = emitter({
      room: { bytes: 10_000 },
      render: (_, { atMost }) => {
        asked.push(atMost);
        return sized(100);
      },
    });
    made.limit({ repeats: 0, short: true }, undefined);
    expect(await made.put('Add', item('a'))).toBe('done');
    expect(asked).toEqual([512]);
    made.limit({ repeats: 0 }, undefined);
    expect(await made.put('Add', item('b'))).toBe('done');
    expect(asked).toEqual([512, undefined]);
  });

  test('they need room for that little', async () => {
    const render = () => sized(10);
    const short = (bytes: number) => {
      const { made } = emitter({ room: { bytes }, render });
      made.limit({ repeats: 0, short: true }, undefined);
      return made.put('Add', item('a'));
    };
    expect(await short(512 + 96)).toBe('done');
    expect(await short(512 + 95)).toBe('stop');
  });

  test('what it died of is left out, and remembered where it would have been added', () => {
    const { made, logged } = emitter();
    made.limit({ repeats: 0, refused: ['a' as ItemId] }, 'a' as ItemId);
    expect(made.put('Add', item('a'))).toBe('skipped');
    expect(made.put('Add', item('b'))).toBe('done');
    expect(made.poison).toEqual(['a']);
    expect(logged).toEqual([{ event: 'sync.item.left-out', fields: { item: 'a', class: 'Email' } }]);
    made.limit(undefined, undefined);
    expect(made.put('Change', item('a'))).toBe('done');
    expect(logged).toHaveLength(1);
  });
});

test('flags for which a version has no element are no command', () => {
  const { made, room } = emitter({ renderFlags: () => bytes(0) });
  expect(made.flags(item('a'), 'c')).toBe('done');
  expect([made.commands, room.items]).toEqual([[], 10]);
});

test('text messages are shown as such, with their class', () => {
  const { made, room } = emitter();
  expect(made.put('Add', item('a', { class: 'SMS' }))).toBe('done');
  expect(made.flags(item('b', { class: 'SMS' }), 'r')).toBe('done');
  expect(made.commands).toMatchObject([{ value: { Class: 'SMS' } }, { value: { Class: 'SMS' } }]);
  expect(room.bytes).toBe(1000 - (50 + 96) - (5 + 96));
});
