import { describe, expect, test } from 'vitest';
import type { Folder, MailboxState, Watermark } from '../../../lib/mailbox/types.ts';
import type { DeviceId } from '../../../lib/ops/ids.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { LOG_TTL_S } from '../../../lib/store/schema.ts';
import {
  type Applied,
  beginCollection,
  type CollectionInput,
  logMoved,
  syncCollection,
  usable,
} from '../../../lib/sync/collection.ts';
import { Emitter } from '../../../lib/sync/emit.ts';
import { cutOff } from '../../../lib/sync/filter.ts';
import type { View } from '../../../lib/sync/item-class.ts';
import { DEFAULT_OPTIONS, type SyncOptions } from '../../../lib/sync/options.ts';
import { startingPosition } from '../../../lib/sync/position.ts';
import { EVERYTHING, TOP } from '../../../lib/sync/ranges.ts';
import type { SyncState } from '../../../lib/sync/states.ts';
import { Fragment } from '../../../lib/wbxml/index.ts';
import { idOf, LogFolder, madeBy, nameOf } from '../../support/log-folder.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 0, 15, 12);
const PHONE = 'phone' as DeviceId;
const HERE = { incarnation: 'i' } as MailboxState;
const options: SyncOptions = { own: DEFAULT_OPTIONS };
const filtered: SyncOptions = { own: { ...DEFAULT_OPTIONS, filterType: 1 } };

const position = (seq: number, over: object = {}) => ({
  ...startingPosition({ seq, n: 0 }, '', 0),
  held: EVERYTHING,
  ...over,
});
const stateAt = (seq: number, over: Partial<SyncState> = {}): SyncState => ({
  generation: 'g',
  counter: 3,
  incarnation: 'i',
  next: position(seq),
  snapshot: seq,
  content: false,
  behind: false,
  own: [],
  options,
  touched: NOW,
  ...over,
});

describe('a state', () => {
  const head = (seq: number) => ({ seq }) as Folder;
  const late = NOW + LOG_TTL_S * 1000 - DAY;

  test.each<[string, boolean, SyncState, Folder, number]>([
    ['where nothing happened since', true, stateAt(5), head(5), NOW],
    ['where something did', true, stateAt(5), head(6), NOW],
    ['from before a restore, which is ahead of the folder', false, stateAt(6), head(5), NOW],
    ['of another incarnation', false, stateAt(5, { incarnation: 'before' }), head(5), NOW],
    ['while the log still reaches back to it', true, stateAt(5), head(6), late - 1],
    ['once the log may not reach back to it', false, stateAt(5), head(6), late],
    ['of any age where nothing happened since', true, stateAt(5), head(5), late * 2],
  ])('can be read on from, or not: %s (%s)', (_, good, state, folder, now) => {
    expect(usable(state, folder, HERE, now)).toBe(good);
  });

  test.each<[boolean, Watermark, Pick<Folder, 'seq' | 'tail'>]>([
    [false, { seq: 5, n: 0 }, { seq: 5 }],
    [true, { seq: 5, n: 0 }, { seq: 6 }],
    [false, { seq: 5, n: 3 }, { seq: 5 }],
    [true, { seq: 5, n: 3 }, { seq: 5, tail: 4 }],
    [false, { seq: 5, n: 4 }, { seq: 5, tail: 4 }],
    [false, { seq: 6, n: 0 }, { seq: 5, tail: 4 }],
  ])('has the log move on (%s) by sequences and the places in the last', (moved, log, folder) => {
    expect(logMoved(log, folder as Folder)).toBe(moved);
  });
});

describe('a collection that begins', () => {
  const begin = (folder: LogFolder, over: Partial<SyncOptions> = {}, loaded?: SyncState) =>
    beginCollection(
      {
        mailbox: folder.mailbox,
        folder: folder.head,
        mailboxState: HERE,
        options: { ...options, ...over },
        now: NOW,
      },
      loaded && { state: loaded, rev: 'r' },
    );

  test('has a key of a new generation and nothing yet', async () => {
    const { key, save } = await begin(new LogFolder(), filtered);
    expect(save).toEqual({
      generation: expect.stringMatching(/^[\w-]{12}$/),
      counter: 1,
      incarnation: 'i',
      next: { ...startingPosition({ seq: 0, n: 0 }, cutOff(1, NOW), 1) },
      snapshot: 0,
      content: false,
      behind: false,
      own: [],
      options: filtered,
      touched: NOW,
    });
    expect(key).toBe(`${save.generation}.1`);
    expect((await begin(new LogFolder())).key).not.toBe(key);
  });

  test('hands out a key again that was never used, with what is asked for now', async () => {
    const folder = new LogFolder().add('ab');
    const unused = stateAt(1, { counter: 1 });
    const { key, save } = await begin(folder, filtered, unused);
    expect([key, save.next.log, save.next.filterType]).toEqual(['g.1', { seq: 1, n: 0 }, 1]);
    expect(save.options).toEqual(filtered);
    expect(folder.asked.log).toEqual([]);
  });

  test.each<[string, SyncState]>([
    ['was used', stateAt(1, { counter: 2 })],
    ['is of another incarnation', stateAt(1, { counter: 1, incarnation: 'before' })],
  ])('hands out no key that %s', async (_, loaded) => {
    const { save } = await begin(new LogFolder().add('ab'), {}, loaded);
    expect(save.generation).not.toBe('g');
    expect(save.next.log).toEqual({ seq: 2, n: 0 });
  });

  describe('looks a few seconds back, where every read sees all there is', () => {
    const since = async (folder: LogFolder) => {
      const { save } = await begin(folder);
      return [save.next.log, folder.asked.log.map(([after]) => after)];
    };
    /** `old` rows at the age that counts as settled, then `young` ones. */
    const logOf = (old: number, young: number) => {
      const folder = new LogFolder();
      folder.now = NOW - 5000;
      for (let n = 0; n < old; n++) folder.row('a', 'change');
      folder.now = NOW - 4999;
      for (let n = 0; n < young; n++) folder.row('a', 'change');
      return folder;
    };
    const start = { seq: 0, n: 0 };
    const past = (seq: number) => ({ seq, n: 9999 });

    test.each<[string, number, number, Watermark, Watermark[]]>([
      ['an empty folder', 0, 0, start, []],
      ['old rows alone', 5, 0, { seq: 5, n: 0 }, [start]],
      ['young ones after them', 5, 3, { seq: 5, n: 0 }, [start]],
      ['young ones alone', 0, 3, start, [start]],
      ['a folder as old as one looks back', 32, 0, { seq: 32, n: 0 }, [start]],
      ['an older one', 33, 0, { seq: 33, n: 0 }, [past(1)]],
      ['more young ones than one looks back', 10, 40, past(18), [past(18)]],
    ])('%s', async (_, old, young, expected, asked) => {
      expect(await since(logOf(old, young))).toEqual([expected, asked]);
    });

    test('not as far where the log does not reach back, and not at all where there is none', async () => {
      const short = logOf(50, 0);
      short.gone = 48;
      expect(await since(short)).toEqual([{ seq: 50, n: 0 }, [past(18), past(49)]]);
      const none = logOf(50, 0);
      none.gone = true;
      expect(await since(none)).toEqual([past(50), [past(18), past(49)]]);
      expect(none.asked.log[0]![1]).toBe(256);
    });
  });
});

describe('a collection', () => {
  interface Given {
    readonly key?: string;
    readonly options?: SyncOptions;
    readonly getChanges?: boolean;
    readonly applied?: Partial<Applied<string>>;
    readonly items?: number;
    readonly now?: number;
  }

  async function sync(folder: LogFolder, state: SyncState | undefined, given: Given = {}) {
    const room = { items: given.items ?? 100, bytes: 1_000_000, empty: true };
    const since: Watermark[] = [];
    const told: boolean[] = [];
    const views: View[] = [];
    const input: CollectionInput<string> = {
      mailbox: folder.mailbox,
      device: PHONE,
      folder: folder.head,
      mailboxState: HERE,
      key: given.key ?? 'g.3',
      options: given.options ?? options,
      getChanges: given.getChanges ?? true,
      apply:
        given.applied &&
        (async (from) => {
          since.push(from);
          return { responses: [], confirmed: [], added: [], ...given.applied };
        }),
      room,
      emitter: (everything) => {
        told.push(everything);
        return new Emitter({
          handler: {
            itemClass: 'Email',
            render: (_, view) => {
              views.push(view);
              return new Fragment(new Uint8Array(8), 0, 0);
            },
            renderFlags: () => new Fragment(new Uint8Array(8), 0, 0),
          },
          view: { version: 141, options: DEFAULT_OPTIONS },
          room,
          itemClass: 'Email',
          serverId: nameOf,
          log: silentLog,
          everything,
        });
      },
      now: given.now ?? NOW,
    };
    const step = await syncCollection(input, state && { state, rev: 'r' });
    const said = step.kind === 'answer' ? step.commands.map(({ tag, value }) => `${tag} ${value.ServerId}`) : [];
    return { step, said, since, told, views };
  }
  const items = (...names: string[]) => names.map(idOf);

  describe('is to begin again', () => {
    test.each<[string, SyncState | undefined, Given]>([
      ['that never began', undefined, {}],
      ['whose state is of another incarnation', stateAt(2, { incarnation: 'before' }), {}],
      ['whose key is two answers old', stateAt(2), { key: 'g.1' }],
      ['whose key was acknowledged', stateAt(2), { key: 'g.2' }],
      ['whose key is of another generation', stateAt(2), { key: 'h.3' }],
    ])('%s', async (_, state, given) => {
      const { step, since } = await sync(new LogFolder().add('ab'), state, { ...given, applied: {} });
      expect(step).toEqual({ kind: 'invalid' });
      expect(since).toEqual([]);
    });

    test('whose log is gone, for the next answer or for the last one', async () => {
      const folder = new LogFolder().add('ab');
      folder.gone = true;
      expect((await sync(folder, stateAt(1))).step).toEqual({ kind: 'invalid' });
      const told = stateAt(2, { base: position(1) });
      expect((await sync(folder, told, { key: 'g.2' })).step).toEqual({ kind: 'invalid' });
    });
  });

  describe('with nothing to say', () => {
    const folder = () => new LogFolder().add('ab');

    test('stays as it is, and nothing is written', async () => {
      const quiet = folder();
      expect((await sync(quiet, stateAt(2))).step).toEqual({ kind: 'nothing' });
      expect(quiet.asked.log).toEqual([]);
      const copied = JSON.parse(JSON.stringify(options)) as SyncOptions;
      expect((await sync(folder(), stateAt(2), { options: copied })).step).toEqual({ kind: 'nothing' });
      expect((await sync(folder(), stateAt(2), { getChanges: false })).step).toEqual({ kind: 'nothing' });
    });

    test('is touched once a day', async () => {
      expect((await sync(folder(), stateAt(2), { now: NOW + DAY })).step).toEqual({ kind: 'nothing' });
      const now = NOW + DAY + 1;
      const { step } = await sync(folder(), stateAt(2), { now });
      expect(step).toEqual({ kind: 'nothing', save: stateAt(2, { touched: now }) });
    });

    test.each<[string, Partial<SyncState>, Given, Partial<SyncState>]>([
      ['its answer was acknowledged', { base: position(1) }, {}, { base: undefined }],
      ['what was said was heard', { content: true }, {}, { content: false }],
      ['the options are new', {}, { options: { ...options, conversationMode: true } }, {}],
    ])('is written where %s', async (_, before, given, after) => {
      const { step } = await sync(folder(), stateAt(2, before), given);
      const { base: _none, ...expected } = stateAt(2, { ...before, ...after, options: given.options ?? options });
      expect(step).toEqual({ kind: 'nothing', save: expected });
    });

    test('moves on over rows that are no news, without a new key', async () => {
      const { step } = await sync(folder().add('c').remove('c'), stateAt(2));
      expect(step).toEqual({ kind: 'nothing', save: stateAt(4, { snapshot: 2 }) });
    });

    test('no longer lags behind once the log was read to its end, and does while it is not', async () => {
      const own = [{ counter: 1, items: items('a') }];
      const behind = stateAt(2, { behind: true, own });
      const log = () => folder().change('a', madeBy('phone', 'g.1'));
      const { step } = await sync(log(), behind);
      expect(step).toEqual({ kind: 'nothing', save: stateAt(3, { behind: false, own, snapshot: 2 }) });
      const unread = await sync(log(), behind, { getChanges: false, options: filtered });
      expect(unread.step).toMatchObject({ save: { behind: true, own, next: { log: { seq: 2 } } } });
      const never = await sync(log(), stateAt(2), { getChanges: false, options: filtered });
      expect(never.step).toMatchObject({ save: { behind: false } });
    });
  });

  describe('with something to say', () => {
    test('answers with the next key, and remembers where it was', async () => {
      const folder = new LogFolder().add('ab').change('a');
      const now = NOW + 7;
      const { step, said, told } = await sync(folder, stateAt(2, { content: true, behind: true }), { now });
      expect(said).toEqual(['Change a']);
      expect(told).toEqual([false]);
      expect(step).toMatchObject({ kind: 'answer', key: 'g.4', responses: [], more: false });
      expect(step).toHaveProperty(
        'save',
        stateAt(3, { counter: 4, base: position(2), content: true, behind: false, touched: now }),
      );
    });

    test('says that there is more while the window ends before it', async () => {
      const { step, said } = await sync(new LogFolder().add('ab').change('ab'), stateAt(2), { items: 1 });
      expect(said).toEqual(['Change a']);
      expect(step).toMatchObject({ more: true, save: { next: { log: { seq: 3 }, rest: true }, snapshot: 3 } });
    });

    test('takes over a new filter, and what leaves by it', async () => {
      const folder = new LogFolder().add('0');
      const { said, step } = await sync(folder, stateAt(1), { options: filtered });
      expect(said).toEqual(['SoftDelete 0']);
      const goal = cutOff(1, NOW);
      const save = { options: filtered, next: { goal, filterType: 1, held: [{ from: goal, below: TOP }] } };
      expect(step).toMatchObject({ save });
    });

    test('forgets the device’s own changes that the log was read past', async () => {
      const own = [{ counter: 1, items: items('a') }];
      const folder = new LogFolder().add('ab').change('b');
      expect((await sync(folder, stateAt(2, { own }))).step).toMatchObject({ save: { own: [] } });
      expect((await sync(folder, stateAt(2, { own, behind: true }))).step).toMatchObject({ save: { own } });
    });
  });

  describe('with commands', () => {
    const mine = madeBy('phone', 'g.3');

    test('answers them although there is no news, from where the device stood', async () => {
      const folder = new LogFolder().add('ab');
      const { step, since } = await sync(folder, stateAt(2), { applied: { responses: ['done'] } });
      expect(since).toEqual([{ seq: 2, n: 0 }]);
      expect(step).toMatchObject({ kind: 'answer', key: 'g.4', responses: ['done'], commands: [], more: false });
    });

    test('does not tell what they confirm, and tells what they do not', async () => {
      const folder = new LogFolder().add('ab');
      const head = folder.head;
      folder.change('ab', mine);
      // The head was read before the commands were applied.
      Object.defineProperty(folder, 'head', { value: head });
      const { said, step } = await sync(folder, stateAt(2), { applied: { confirmed: items('a') } });
      expect(said).toEqual(['Change b']);
      expect(step).toMatchObject({ save: { own: [{ counter: 3, items: items('a') }], next: { log: { seq: 4 } } } });
    });

    test('leaves the device with what they added', async () => {
      const folder = new LogFolder().add('m', mine);
      const start = position(1, { held: [] });
      const applied = { added: items('m'), confirmed: items('m') };
      // Pages pass it over, and the log ends with it.
      const { said, step } = await sync(folder, stateAt(1, { next: start }), { applied });
      expect(said).toEqual([]);
      expect(step).toMatchObject({ save: { next: { held: EVERYTHING }, base: { held: [] } } });
    });

    test('reads no log where changes are not wanted, and lags behind it', async () => {
      const folder = new LogFolder().add('ab').change('a', mine);
      const next = position(2, { rest: true });
      const given = { getChanges: false, applied: { confirmed: items('a'), added: items('m') } };
      const { said, step } = await sync(folder, stateAt(2, { next }), given);
      expect(said).toEqual([]);
      expect(folder.asked.log).toEqual([]);
      expect(step).toMatchObject({
        kind: 'answer',
        more: false,
        save: { behind: true, content: true, snapshot: 2, next, base: next, own: [{ counter: 3, items: items('a') }] },
      });
    });
  });

  describe('whose answer was lost', () => {
    const told = (over: Partial<SyncState> = {}) =>
      stateAt(3, { base: position(2), content: true, snapshot: 3, ...over });
    const repeat = { key: 'g.2' };

    test('is told the same again under the same key, however little room there is', async () => {
      const folder = new LogFolder().add('ab').change('ab');
      const now = NOW + 7;
      const { said, step, told: everything } = await sync(folder, told(), { ...repeat, items: 0, now });
      expect(said).toEqual(['Change a']);
      expect(everything).toEqual([true]);
      expect(step).toMatchObject({ kind: 'answer', key: 'g.3', responses: [], more: false });
      expect(step).toMatchObject({ save: told({ touched: now }) });
    });

    test('says again that there is more, and takes over the options', async () => {
      const folder = new LogFolder().add('ab').change('ab');
      const next = position(3, { rest: true });
      const { step } = await sync(folder, told({ next }), { ...repeat, options: filtered });
      expect(step).toMatchObject({ more: true, save: { options: filtered, next } });
      const unwanted = await sync(folder, told({ next }), { ...repeat, getChanges: false });
      expect(unwanted.step).toMatchObject({ more: false });
    });

    test('is not told what was left out of it, and again in short what was short', async () => {
      const folder = new LogFolder().add('ab').change('ab');
      const both = { next: position(4), snapshot: 4 };
      const left = told({ ...both, loop: { repeats: 1, window: 25, told: 1, refused: items('a') } });
      expect((await sync(folder, left, repeat)).said).toEqual(['Change b']);
      const short = told({ ...both, loop: { repeats: 1, window: 1, told: 1, short: true } });
      const { said, views } = await sync(folder, short, repeat);
      expect(said).toEqual(['Change a', 'Change b']);
      expect(views.map(({ atMost }) => atMost)).toEqual([512, 512]);
      const whole = await sync(folder, told(both), repeat);
      expect(whole.views.map(({ atMost }) => atMost)).toEqual([undefined, undefined]);
    });

    test('again and again is told less of it at a time, under the same key', async () => {
      const folder = new LogFolder().add('abcdefgh').change('abcdefgh');
      const before = stateAt(16, { base: position(8), content: true, snapshot: 16, loop: { repeats: 6, told: 8 } });
      const { said, step, told: everything } = await sync(folder, before, repeat);
      expect(everything).toEqual([false]);
      expect(said).toHaveLength(5);
      expect(step).toMatchObject({
        key: 'g.3',
        more: true,
        save: { counter: 3, base: position(8), loop: { repeats: 0, window: 5, told: 5, first: idOf('a') } },
      });
    });

    test('and gets through at last has its window back in time', async () => {
      const folder = new LogFolder().add('ab').change('a');
      const through = stateAt(2, { loop: { repeats: 2, window: 1, good: 4, told: 1 } });
      const { step } = await sync(folder, through);
      expect(step).toMatchObject({ save: { loop: { repeats: 0, window: 5, told: 1, first: idOf('a') } } });
      const free = await sync(folder, stateAt(2, { loop: { repeats: 3 } }));
      expect((free.step as { save: SyncState }).save.loop).toBeUndefined();
    });

    test('has its commands applied from where it stood, and confirmed under the key that it sent', async () => {
      const folder = new LogFolder().add('ab').change('a', madeBy('phone', 'g.2')).change('b', madeBy('phone', 'g.2'));
      const applied = { confirmed: items('b'), added: items('q'), responses: ['done'] };
      const own = [{ counter: 2, items: items('a') }];
      const given = { ...repeat, applied };
      const { said, step, since } = await sync(folder, told({ own, next: position(4), snapshot: 4 }), given);
      expect(since).toEqual([{ seq: 2, n: 0 }]);
      // What an earlier try confirmed and this one does not is news after all.
      expect(said).toEqual(['Change a']);
      expect(step).toMatchObject({
        key: 'g.3',
        responses: ['done'],
        save: {
          behind: true,
          own: [{ counter: 2, items: items('b') }],
          base: position(2),
          next: position(4),
          snapshot: 4,
        },
      });
    });

    test('has what it added itself among what it holds, before and after', async () => {
      const folder = new LogFolder().add('m', madeBy('phone', 'g.2'));
      const held = [{ from: idOf('m'), below: idOf('m!') }];
      const [base, next] = [position(0, { held: [], goal: idOf('k') }), position(1, { held: [], goal: idOf('k') })];
      const given = { ...repeat, applied: { added: items('m'), confirmed: items('m') } };
      const { said, step } = await sync(folder, told({ base, next, snapshot: 1 }), given);
      expect(said).toEqual([]);
      expect(step).toMatchObject({ more: true, save: { base, next: { held } } });
    });

    test('goes back to where it began if changes are not wanted', async () => {
      const folder = new LogFolder().add('ab').change('a');
      const { said, step } = await sync(folder, told(), { ...repeat, getChanges: false });
      expect(said).toEqual([]);
      expect(folder.asked.log).toEqual([]);
      expect(step).toMatchObject({ key: 'g.3', save: { base: position(2), next: position(2), snapshot: 2 } });
    });
  });
});
