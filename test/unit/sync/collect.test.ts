import { describe, expect, test } from 'vitest';
import type { Item, LogRow } from '../../../lib/mailbox/types.ts';
import type { FolderId } from '../../../lib/ops/ids.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { type Collected, collect, collectAgain } from '../../../lib/sync/collect.ts';
import { Emitter } from '../../../lib/sync/emit.ts';
import { DEFAULT_OPTIONS } from '../../../lib/sync/options.ts';
import { type Position, startingPosition } from '../../../lib/sync/position.ts';
import { EVERYTHING, type IdSet, TOP } from '../../../lib/sync/ranges.ts';
import type { Room } from '../../../lib/sync/window.ts';
import { Fragment } from '../../../lib/wbxml/index.ts';
import { idOf, LogFolder, madeBy, nameOf } from '../../support/log-folder.ts';

const F = 'f' as FolderId;

interface Given {
  readonly items?: number;
  /** Bytes for items of 100 bytes each, and 96 around them. */
  readonly bytes?: number;
  readonly own?: (row: LogRow) => boolean;
  readonly poison?: string;
  /** Rendered by a promise. */
  readonly later?: boolean;
  readonly logMoved?: boolean;
}

const held = (set: IdSet, over: Partial<Position> = {}): Position => ({
  ...startingPosition({ seq: 0, n: 0 }, '', 0),
  held: set,
  ...over,
});
const all = (over: Partial<Position> = {}) => held(EVERYTHING, over);
const from = (first: string): IdSet => [{ from: idOf(first), below: TOP }];
const at = (seq: number) => ({ log: { seq, n: 0 } });
const byPhone = ({ origin }: LogRow) => origin !== undefined;
const own = madeBy('phone', 'g.1');

function emitterFor({ items = 100, bytes = 1_000_000, poison = '', later }: Given, everything = false) {
  const room: Room = { items, bytes, empty: true };
  const flags: (string | undefined)[] = [];
  const shown = (item: Item) => {
    if (poison.includes(nameOf(item.id))) throw new Error('cannot');
    return new Fragment(new Uint8Array(98), 0, 0);
  };
  const emitter = new Emitter({
    handler: {
      itemClass: 'Email',
      render: (item) => (later ? Promise.resolve().then(() => shown(item)) : shown(item)),
      renderFlags: (item, parts) => {
        flags.push(parts);
        return shown(item);
      },
    },
    view: { version: 141, options: DEFAULT_OPTIONS },
    room,
    itemClass: 'Email',
    serverId: nameOf,
    log: silentLog,
    everything,
  });
  const said = () => emitter.commands.map(({ tag, value }) => `${tag} ${value.ServerId}`).join(', ');
  return { room, emitter, said, flags };
}

type Told = Collected & { readonly said: string; readonly flags: readonly (string | undefined)[] };

async function told(folder: LogFolder, position: Position, given: Given = {}): Promise<Told> {
  const { room, emitter, said, flags } = emitterFor(given);
  const { mailbox } = folder;
  const logMoved = given.logMoved ?? true;
  const own = given.own ?? byPhone;
  const collected = await collect({ mailbox, folder: F, from: position, own, emitter, room, logMoved });
  return { ...collected, said: said(), flags };
}

describe('what the log has', () => {
  test('is told in the order of its rows, each item once, as they come out', async () => {
    const folder = new LogFolder().add('abc');
    folder.change('b').add('d').flags('c', 'r').remove('a').flags('c', 'f').change('d');
    const { said, flags, next, snapshot, gone } = await told(folder, all(at(3)));
    expect(said).toBe('Change b, Add d, Change c, Delete a');
    expect(flags).toEqual(['rf']);
    expect(next).toEqual(all(at(9)));
    expect({ snapshot, gone }).toEqual({ snapshot: 9, gone: false });
  });

  test('is not read where the head has not moved, or told where it is gone', async () => {
    const folder = new LogFolder().add('a');
    expect(await told(folder, all(at(1)), { logMoved: false })).toMatchObject({
      said: '',
      next: all(at(1)),
      snapshot: 1,
    });
    expect(folder.asked.log).toEqual([]);
    folder.gone = true;
    const position = held([], at(1));
    expect(await told(folder, position)).toMatchObject({ said: '', next: position, snapshot: 0, gone: true });
    expect(folder.asked.page).toEqual([]);
  });

  test('is told as far as the window goes; the next one begins there', async () => {
    const folder = new LogFolder().add('abcd').change('abacd');
    const first = await told(folder, all(at(4)), { items: 2 });
    expect([first.said, first.next]).toEqual(['Change a, Change b', all({ ...at(7), rest: true })]);
    const second = await told(folder, first.next, { items: 2 });
    expect([second.said, second.next]).toEqual(['Change c, Change d', all(at(9))]);
  });

  test('of the device’s own takes no place, at the end of a window either', async () => {
    const folder = new LogFolder().add('abc').change('a').change('b', own).change('c');
    const { said, next } = await told(folder, all(at(3)), { items: 1 });
    expect([said, next]).toEqual(['Change a', all({ ...at(5), rest: true })]);
  });

  test('is read no further than the window goes', async () => {
    const names = Array.from({ length: 600 }, (_, n) => `i${String(n).padStart(3, '0')}`);
    const folder = new LogFolder().add(names).flags(names, 'r');
    await told(folder, all(at(600)), { items: 2 });
    expect(folder.asked.log).toHaveLength(1);
    expect(folder.asked.items).toEqual([['i000', 'i001']]);
  });

  test('is read page after page', async () => {
    const folder = new LogFolder().add('a');
    for (let n = 0; n < 300; n++) folder.change('a');
    const { said, next } = await told(folder, all(at(1)));
    expect([said, next.log.seq, next.rest]).toEqual(['Change a', 301, false]);
    expect(folder.asked.log).toEqual([
      [{ seq: 1, n: 0 }, 256],
      [{ seq: 257, n: 0 }, 256],
    ]);
  });

  test('waits where a page says that there is more and has none of it', async () => {
    const folder = new LogFolder().add('a');
    folder.mailbox.log = async (_, upTo) => ({ rows: [], upTo, more: true, gone: false });
    expect(await told(folder, held([], at(1)))).toMatchObject({ said: '', next: { log: { seq: 1 }, rest: true } });
  });

  test('ends before a row whose item is not to be seen yet, and pages wait with it', async () => {
    const folder = new LogFolder().add('bcde').change('bcd');
    folder.unseen.add('c');
    const holding = held(from('b'), at(4));
    const cut = await told(folder, holding);
    expect([cut.said, cut.next, cut.snapshot]).toEqual(['Change b', { ...holding, ...at(5), rest: true }, 5]);
    folder.unseen.add('b');
    expect(await told(folder, holding)).toMatchObject({ said: '', next: { ...holding, rest: true } });
    expect(folder.asked.page).toEqual([]);
  });

  test('ends before an item that finds no room', async () => {
    const folder = new LogFolder().add('abc').change('ab').remove('c');
    const { said, next } = await told(folder, all(at(3)), { bytes: 300 });
    expect([said, next]).toEqual(['Change a', all({ ...at(4), rest: true })]);
  });

  test('reads items by the chunk, in the order of the log, and none after the end', async () => {
    const folder = new LogFolder();
    const ids = Array.from({ length: 100 }, (_, n) => `i${String(n).padStart(3, '0')}`);
    folder.add(ids).flags(ids, 'r').flags([ids[1]!, ids[0]!], 'f');
    const inOrder = all(at(100));
    expect((await told(folder, inOrder)).said.split(',')).toHaveLength(100);
    expect(folder.asked.items.map((rows) => rows.length)).toEqual([66, 36]);
    // The rows of an item that come late are behind those of all others.
    expect(folder.asked.items[0]!.slice(-2)).toEqual([ids[1], ids[0]]);
    folder.asked.items.length = 0;
    expect((await told(folder, inOrder, { bytes: 1000 })).next).toMatchObject({ log: { seq: 105 }, rest: true });
    expect(folder.asked.items).toHaveLength(1);
  });

  test('leaves the device with what it added itself, up to the end of the window and within the filter', async () => {
    const folder = new LogFolder().add('b').add('c', own).change('b').add('a', own).change('b').add('d', own);
    const position = held([{ from: idOf('b'), below: idOf('b!') }], { ...at(1), goal: idOf('b'), filterType: 1 });
    const kept = { from: idOf('c'), below: idOf('c!') };
    const whole = await told(folder, position, { items: 0 });
    // The window is closed, so pages have brought nothing: what there is comes from rows.
    expect(whole).toMatchObject({
      said: '',
      next: { held: [kept, { from: idOf('b'), below: idOf('b!') }], log: { seq: 2 }, rest: true },
    });
    folder.unseen.add('b');
    const cut = await told(folder, position);
    expect(cut.next.held).toEqual([kept, { from: idOf('b'), below: idOf('b!') }]);
  });

  test('takes items away that change outside of the filter, up to the end of the window', async () => {
    const folder = new LogFolder().add('abx').change('a').change('x').flags('b', 'r');
    const position = held(EVERYTHING, { ...at(3), goal: idOf('m'), filterType: 1 });
    const { said, next } = await told(folder, position, { items: 2 });
    expect(said).toBe('SoftDelete a, Change x');
    expect(next.rest).toBe(true);
    expect(next.held).toEqual([
      { from: idOf('a!'), below: TOP },
      { from: '', below: idOf('a') },
    ]);
  });

  test('leaves items outside of the filter with the device where their rows were not told', async () => {
    const folder = new LogFolder().add('ab').change('ab');
    folder.unseen.add('b');
    const { said, next } = await told(folder, all({ ...at(2), goal: idOf('m'), filterType: 1 }));
    expect(said).toBe('SoftDelete a');
    expect(next.held).toEqual([
      { from: idOf('a!'), below: TOP },
      { from: '', below: idOf('a') },
    ]);
  });
});

describe('what the device lacks', () => {
  test('is paged from the newest down, as far as the window goes', async () => {
    const folder = new LogFolder().add('adcbe');
    const first = await told(folder, held([], at(5)), { items: 2 });
    expect([first.said, first.next]).toEqual(['Add e, Add d', held(from('d'), at(5))]);
    const second = await told(folder, first.next, { items: 2 });
    expect([second.said, second.next.held]).toEqual(['Add c, Add b', from('b')]);
    const third = await told(folder, second.next, { items: 2 });
    expect([third.said, third.next.held]).toEqual(['Add a', EVERYTHING]);
    expect(folder.asked.page).toEqual([
      { below: undefined, from: undefined, limit: 2 },
      { below: 'd', from: undefined, limit: 2 },
      { below: 'b', from: undefined, limit: 2 },
    ]);
  });

  test('is paged down to the cut-off, around what the device has', async () => {
    const folder = new LogFolder().add('abcde');
    const position = held([{ from: idOf('c'), below: idOf('d') }], { ...at(5), goal: idOf('b'), filterType: 1 });
    const { said, next } = await told(folder, position);
    expect([said, next.held]).toEqual(['Add e, Add d, Add b', from('b')]);
    expect(folder.asked.page).toEqual([
      { below: undefined, from: 'd', limit: 100 },
      { below: 'c', from: 'b', limit: 98 },
    ]);
  });

  test('is read by 128 items at most', async () => {
    const folder = new LogFolder();
    await told(folder, held([]), { items: 512 });
    expect(folder.asked.page).toEqual([{ below: undefined, from: undefined, limit: 128 }]);
  });

  test('is what was there when the watermark was: the log tells what came after', async () => {
    const folder = new LogFolder().add('ab').add('c');
    const { said, next } = await told(folder, held([], at(2)), { logMoved: false });
    expect([said, next.log.seq]).toEqual(['Add b, Add a', 2]);
    expect((await told(folder, next)).said).toBe('Add c');
  });

  test('stops at the item that finds no room, and at the first no further than it was', async () => {
    const folder = new LogFolder().add('abc');
    for (const later of [false, true]) {
      const first = await told(folder, held([], at(3)), { bytes: 400, later });
      expect([first.said, first.next.held]).toEqual(['Add c, Add b', from('b')]);
    }
    folder.change('c');
    const full = await told(folder, held(from('c'), at(3)), { bytes: 300 });
    expect([full.said, full.next]).toEqual(['Change c', held(from('c'), at(4))]);
  });

  test('is not looked for when the window is full', async () => {
    const folder = new LogFolder().add('abc').change('c');
    expect((await told(folder, held(from('c'), at(3)), { items: 1 })).said).toBe('Change c');
    expect(folder.asked.page).toEqual([]);
  });

  test('waits for rows that were not told', async () => {
    const folder = new LogFolder().add('abcd').change('cd');
    const { said, next } = await told(folder, held(from('c'), at(4)), { items: 1 });
    expect([said, next]).toEqual(['Change c', held(from('c'), { ...at(5), rest: true })]);
    expect(folder.asked.page).toEqual([]);
  });

  test('goes past items that cannot be shown, which are remembered until they can', async () => {
    const folder = new LogFolder().add('abc');
    const first = await told(folder, held([], at(3)), { poison: 'b' });
    expect([first.said, first.next.skipped]).toEqual(['Add c, Add a', [idOf('b')]]);
    folder.change('b');
    const second = await told(folder, first.next);
    expect([second.said, second.next.skipped]).toEqual(['Add b', []]);
  });

  test('is told as the rows up to the watermark left it, although pages do not show that yet', async () => {
    const folder = new LogFolder().add('abcd').change('d').remove('c').change('b');
    const old = (id: string, seq: number) => ({ ...folder.items.get(idOf(id))!, seq });
    folder.stale.set('d', undefined);
    folder.stale.set('c', { ...old('a', 3), id: idOf('c') });
    folder.stale.set('b', old('b', 2));
    const seen: number[] = [];
    const { emitter, room } = emitterFor({});
    const put = emitter.put.bind(emitter);
    emitter.put = (tag, item) => {
      seen.push(item.seq);
      return put(tag, item);
    };
    const input = { mailbox: folder.mailbox, folder: F, from: held([], at(4)), own: byPhone, room, logMoved: true };
    const { next } = await collect({ ...input, emitter });
    expect(emitter.commands.map(({ value }) => value.ServerId)).toEqual(['d', 'b', 'a']);
    expect(seen).toEqual([5, 7, 1]);
    expect(next).toEqual(all(at(7)));
  });

  test('is told as pages show it where they are further than the rows', async () => {
    const folder = new LogFolder().add('ab').change('a');
    const newer = { ...folder.items.get(idOf('a'))!, seq: 9 };
    folder.stale.set('a', newer);
    const { emitter, room } = emitterFor({});
    const items: Item[] = [];
    emitter.put = (_, item) => {
      items.push(item);
      return 'done';
    };
    await collect({
      mailbox: folder.mailbox,
      folder: F,
      from: held([], at(2)),
      own: byPhone,
      room,
      logMoved: true,
      emitter,
    });
    expect(items.map(({ id, seq }) => [nameOf(id), seq])).toEqual([
      ['b', 2],
      ['a', 9],
    ]);
  });

  test('is told as the rows left it at the ends of pages, too, and once', async () => {
    const names = Array.from({ length: 130 }, (_, n) => `i${String(n).padStart(3, '0')}`);
    const folder = new LogFolder().add(names);
    const last = names[2]!;
    const before = folder.items.get(idOf(last))!;
    folder.change([last, names[0]!]);
    folder.stale.set(last, before);
    folder.stale.set(names[0]!, undefined);
    const { emitter, room, said } = emitterFor({ items: 512 });
    const seqs = new Map<string, number>();
    const put = emitter.put.bind(emitter);
    emitter.put = (tag, item) => {
      seqs.set(nameOf(item.id), item.seq);
      return put(tag, item);
    };
    const input = { mailbox: folder.mailbox, folder: F, from: held([], at(130)), own: byPhone, room, logMoved: true };
    await collect({ ...input, emitter });
    expect(said().split(', ')).toHaveLength(130);
    expect([last, names[0]!].map((name) => seqs.get(name))).toEqual([131, 132]);
    expect(folder.asked.page).toHaveLength(2);
  });

  test('is told although pages do not show it yet: the first of a folder, too', async () => {
    const folder = new LogFolder().add('a');
    folder.stale.set('a', undefined);
    expect((await told(folder, held([], at(0)))).said).toBe('Add a');
  });

  test('of other ranges is left to their own pages', async () => {
    const folder = new LogFolder().add('abcdef').change('abf');
    for (const id of 'abf') folder.stale.set(id, undefined);
    const hole = held([{ from: idOf('c'), below: idOf('e') }], at(6));
    expect((await told(folder, hole)).said).toBe('Add f, Add e, Add b, Add a');
    const first = await told(folder, hole, { items: 3 });
    expect(first.said).toBe('Add f, Add e, Add b');
    expect(first.next.held).toEqual(from('b'));
  });

  test('waits where its rows cannot be seen yet: what a page misses no row tells later', async () => {
    const folder = new LogFolder().add('abz').change('za').add('y').change('b');
    folder.unseen.add('a');
    const position = held(from('m'), at(3));
    const { said, next } = await told(folder, position);
    expect([said, next]).toEqual(['Change z, Add y', { ...position, ...at(4), rest: true }]);
    expect(folder.asked.page).toEqual([]);
  });

  test('has its rows read only where it is within the filter and not held', async () => {
    const folder = new LogFolder().add('abz').change('zba');
    await told(folder, held(from('m'), { ...at(3), goal: idOf('b'), filterType: 1 }));
    expect(folder.asked.items).toEqual([['z'], ['b']]);
    folder.asked.items.length = 0;
    await told(folder, held(from('b'), { ...at(3), goal: idOf('b'), filterType: 1 }));
    expect(folder.asked.items).toEqual([['z', 'b']]);
  });
});

describe('what leaves the filter', () => {
  const leaving = (over: Partial<Position> = {}) => all({ goal: idOf('m'), filterType: 1, ...over });

  test('is softly deleted from the top down, as far as the window goes [MS-ASCMD R3967]', async () => {
    const folder = new LogFolder().add('abcx');
    const first = await told(folder, leaving(at(4)), { items: 2 });
    expect([first.said, first.next.held]).toEqual([
      'SoftDelete c, SoftDelete b',
      [
        { from: idOf('m'), below: TOP },
        { from: '', below: idOf('b') },
      ],
    ]);
    const second = await told(folder, first.next, { items: 2 });
    expect([second.said, second.next.held]).toEqual(['SoftDelete a', from('m')]);
    expect(folder.asked.page).toEqual([
      { below: 'm', from: undefined, limit: 2 },
      { below: 'b', from: undefined, limit: 2 },
    ]);
  });

  test('takes no notice of what could not be shown, and forgets it', async () => {
    const folder = new LogFolder().add('abc');
    const { said, next } = await told(folder, leaving({ ...at(3), skipped: [idOf('b')] }));
    expect([said, next.held]).toEqual(['SoftDelete c, SoftDelete a', from('m')]);
  });

  test('stops where there is no room left, and does not look where there was none', async () => {
    const folder = new LogFolder().add('abcx').change('x');
    const some = await told(folder, leaving(at(4)), { bytes: 300 });
    expect(some.said).toBe('Change x, SoftDelete c');
    expect(some.next.held).toEqual([...from('m'), { from: '', below: idOf('c') }]);
    const none = await told(folder, leaving(at(4)), { bytes: 200 });
    expect([none.said, none.next.held]).toEqual(['Change x', EVERYTHING]);
    folder.asked.page.length = 0;
    expect((await told(folder, leaving(at(4)), { items: 1 })).said).toBe('Change x');
    expect(folder.asked.page).toEqual([]);
  });

  test('is read by 128 items at most, and waits for the rest of the log', async () => {
    const folder = new LogFolder().add('ax').change('xa');
    await told(folder, leaving(at(2)), { items: 512 });
    expect(folder.asked.page).toEqual([
      { below: 'm', from: 'a!', limit: 128 },
      { below: 'a', from: undefined, limit: 128 },
    ]);
    folder.asked.page.length = 0;
    folder.unseen.add('x');
    expect((await told(folder, leaving(at(2)))).said).toBe('');
    expect(folder.asked.page).toEqual([]);
  });
});

describe('an answer that is told again', () => {
  async function again(folder: LogFolder, base: Position, next: Position, given: Given & { snapshot?: number } = {}) {
    const { emitter, said } = emitterFor(given, true);
    const { mailbox } = folder;
    const interval = { from: base, base, next, snapshot: given.snapshot ?? next.log.seq };
    const collected = await collectAgain({ ...interval, mailbox, folder: F, own: given.own ?? byPhone, emitter });
    return { ...collected, said: said() };
  }

  test('has the rows of its interval and nothing that came later, however little room there is', async () => {
    const folder = new LogFolder().add('abc').change('ab').remove('c').change('b').add('d');
    const { said, next, snapshot, gone } = await again(folder, all(at(3)), all(at(5)), { items: 0, bytes: 0 });
    expect(said).toBe('Change a, Change b');
    expect({ next, snapshot, gone }).toEqual({ next: all(at(5)), snapshot: 5, gone: false });
    expect(folder.asked.log).toHaveLength(1);
  });

  test('ends within a sequence where it did', async () => {
    const folder = new LogFolder().add('ab');
    folder.row('a', 'change', { seq: 3, n: 0 });
    folder.row('b', 'change', { seq: 3, n: 1 });
    expect((await again(folder, all(at(2)), all({ log: { seq: 3, n: 0 } }))).said).toBe('Change a');
    expect((await again(folder, all(at(2)), all({ log: { seq: 3, n: 1 } }))).said).toBe('Change a, Change b');
  });

  test('reads no log for an interval without rows', async () => {
    const folder = new LogFolder().add('ab');
    expect((await again(folder, held([], at(2)), all(at(2)))).said).toBe('Add b, Add a');
    expect(folder.asked.log).toEqual([]);
  });

  test('reads the log page after page up to its end', async () => {
    const folder = new LogFolder().add('ab');
    for (let n = 0; n < 300; n++) folder.flags('a', 'r');
    folder.flags('b', 'r');
    expect((await again(folder, all(at(2)), all(at(303)))).said).toBe('Change a, Change b');
    expect((await again(folder, all(at(2)), all(at(258)))).said).toBe('Change a');
    expect(folder.asked.log.map(([after]) => after.seq)).toEqual([2, 258, 2]);
  });

  test('has the pages of its interval as they were then: later items wait, lost ones stay out', async () => {
    const folder = new LogFolder().add('abcd').add('e').remove('c');
    const { said } = await again(folder, held(from('d'), at(4)), held(from('b'), at(4)));
    expect(said).toBe('Add b');
    expect(folder.asked.page).toEqual([{ below: 'd', from: 'b', limit: 128 }]);
    const wide = await again(folder, held([], at(4)), all(at(4)), { snapshot: 4 });
    expect(wide.said).toBe('Add d, Add b, Add a');
  });

  test('reads long pages one after the other', async () => {
    const folder = new LogFolder();
    const ids = Array.from({ length: 200 }, (_, n) => `i${String(n).padStart(3, '0')}`);
    folder.add(ids);
    const { said } = await again(folder, held([], at(200)), all(at(200)));
    expect(said.split(', ')).toHaveLength(200);
    expect(folder.asked.page.map(({ below }) => below)).toEqual([undefined, 'i072']);
  });

  test('has what the device added itself in its own place, not as news', async () => {
    const folder = new LogFolder().add('ab').add('c', own);
    const next = held(
      [
        { from: idOf('c'), below: idOf('c!') },
        { from: idOf('a'), below: idOf('b!') },
      ],
      { ...at(3), goal: idOf('a'), filterType: 1 },
    );
    const base = held([{ from: idOf('a'), below: idOf('b!') }], { ...at(2), goal: idOf('a'), filterType: 1 });
    expect((await again(folder, base, next)).said).toBe('');
  });

  test('has the soft deletions of its interval, of what was there when it began and was not told otherwise', async () => {
    const folder = new LogFolder().add('abx').change('a').add('c');
    const base = all({ ...at(3), goal: idOf('m'), filterType: 1 });
    const next = held(from('m'), { ...at(4), goal: idOf('m'), filterType: 1 });
    expect((await again(folder, base, next)).said).toBe('SoftDelete a, SoftDelete b');
    expect(folder.asked.page).toEqual([{ below: 'm', from: undefined, limit: 128 }]);
  });

  test('deletes what was to leave and is gone since, which no page shows and no later row tells', async () => {
    const folder = new LogFolder().add('abxy').remove('axy').change('b');
    const base = all({ ...at(4), goal: idOf('m'), filterType: 1 });
    const next = held(from('m'), { ...at(4), goal: idOf('m'), filterType: 1 });
    expect((await again(folder, base, next)).said).toBe('SoftDelete b, Delete a');
  });

  test('aims at the cut-off that it ended with', async () => {
    const folder = new LogFolder().add('ax').change('ax');
    const base = all({ ...at(2), goal: '', filterType: 0 });
    const next = held(from('m'), { ...at(4), goal: idOf('m'), filterType: 1 });
    expect((await again(folder, base, next)).said).toBe('SoftDelete a, Change x');
  });

  test('is no answer where the log is gone, for the interval or for what came after it', async () => {
    const folder = new LogFolder().add('ab').change('a');
    folder.gone = 2;
    const early = all(at(2));
    expect(await again(folder, early, all(at(3)))).toMatchObject({
      said: '',
      gone: true,
      next: all(at(3)),
      snapshot: 3,
    });
    folder.gone = 3;
    const leaving = held(from('m'), at(3));
    expect(await again(folder, all(at(3)), leaving)).toMatchObject({ gone: true, next: leaving, snapshot: 3 });
    expect(await again(folder, all(at(3)), all(at(3)))).toMatchObject({ gone: false });
  });

  test('remembers what cannot be shown now', async () => {
    const folder = new LogFolder().add('ab');
    const { said, next } = await again(folder, held([], at(2)), all({ ...at(2), skipped: [idOf('a')] }), {
      poison: 'b',
    });
    expect([said, next.skipped]).toEqual(['Add a', [idOf('b')]]);
  });
});
