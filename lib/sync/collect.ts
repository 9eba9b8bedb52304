import type { Item, LogRow, Mailbox, Watermark } from '../mailbox/types.ts';
import type { FolderId, ItemId } from '../ops/ids.ts';
import { type Fold, type Own, outcomeOf } from './collapse.ts';
import type { Emitted, Emitter } from './emit.ts';
import {
  aim,
  compareWatermarks,
  extentBetween,
  holds,
  ignored,
  nextExcess,
  nextMissing,
  type Position,
  wanted,
  withHeld,
  withOwn,
  withoutHeld,
  withoutSkipped,
  withoutThose,
  withSkipped,
} from './position.ts';
import { BOTTOM, contains, type IdRange, type IdSet, TOP } from './ranges.ts';
import { RowFolder } from './rows.ts';
import type { Room } from './window.ts';

export interface CollectInput {
  readonly mailbox: Mailbox;
  readonly folder: FolderId;
  /** Where the device is, aimed at the cut-off of now. */
  readonly from: Position;
  /** Whether the device made this change and knows that it was made. */
  readonly own: (row: LogRow) => Own;
  readonly emitter: Emitter;
  readonly room: Room;
  /** `false`: the folder's head says that nothing lies after the watermark. */
  readonly logMoved: boolean;
}

export interface Collected {
  readonly next: Position;
  readonly snapshot: number;
  /** The log rows after the watermark are gone for good: status 3. */
  readonly gone: boolean;
}

/** Rows of one read of the log, items of one read behind them, and items of one page. */
const LOG_PAGE = 256;
const CHUNK = 64;
const PAGE = 128;

/** What the device gets next, as far as the room goes: changes first, then what it lacks, then what leaves. */
export async function collect(input: CollectInput): Promise<Collected> {
  const log = input.logMoved ? await readRows(input) : { ...NOTHING, upTo: input.from.log };
  if (log.gone) return { next: input.from, snapshot: 0, gone: true };
  const { position, seen } = await tellRows(input, log);
  let next = position;
  const snapshot = next.log.seq;
  // Pages are of the time of the watermark: with rows left over there is no such time yet.
  if (!next.rest) next = await pageMissing(input, next, snapshot, seen);
  if (!next.rest) next = await pageExcess(input, next);
  return { next: settleSkipped(input, next), snapshot, gone: false };
}

interface Rows {
  readonly rows: readonly LogRow[];
  readonly folds: readonly Fold[];
  /** What the device added itself. */
  readonly made: readonly ItemId[];
  readonly leaving: readonly Fold[];
  /** The last row read, told or not. */
  readonly upTo: Watermark;
  readonly rest: boolean;
  readonly gone: boolean;
}
const NOTHING = { rows: [], folds: [], made: [], leaving: [], rest: false, gone: false };

/** Reads rows until the window is full or the log ends. */
async function readRows({ mailbox, folder, from, own, room }: CollectInput): Promise<Rows> {
  const folded = new RowFolder(from, own);
  const rows: LogRow[] = [];
  const found = () => ({ rows, folds: folded.tellable(), made: folded.made, leaving: folded.leaving() });
  for (let upTo = from.log; ; ) {
    const page = await mailbox.log(folder, upTo, LOG_PAGE);
    if (page.gone) return { ...NOTHING, upTo, gone: true };
    for (const row of page.rows) {
      if (folded.telling >= room.items && folded.opens(row)) {
        return { ...found(), upTo, rest: true, gone: false };
      }
      folded.add(row, rows.length);
      rows.push(row);
      upTo = row;
    }
    if (!page.more || page.rows.length === 0) {
      return { ...found(), upTo, rest: page.more, gone: false };
    }
  }
}

/** Tells what the rows come to, and finds the row that the device is up to by it. */
async function tellRows(input: CollectInput, log: Rows): Promise<{ readonly position: Position; readonly seen: Seen }> {
  const { from } = input;
  const stopped = await tellFolds(input, log.rows, log.folds);
  const fresh = stopped === undefined ? await seePaged(input, log.rows) : { cut: stopped, seen: new Map() };
  // A row whose item could not be told ends the window: what lies before it has been told.
  const { cut, seen } = fresh;
  const upTo = cut === undefined ? log.upTo : cut === 0 ? from.log : log.rows[cut - 1]!;
  const rest = cut === undefined ? log.rest : true;
  return { position: { ...heldAfter(from, log, cut), log: { seq: upTo.seq, n: upTo.n }, rest }, seen };
}

/** What the device has after the rows before `cut`, apart from pages. */
function heldAfter(from: Position, { rows, made, leaving }: Rows, cut = rows.length): Position {
  if (made.length + leaving.length === 0) return from;
  const read = new Set(rows.slice(0, cut).map(({ item }) => item));
  const left = leaving.filter(({ first }) => first < cut).map(({ item }) => item);
  return withoutThose(
    withOwn(
      from,
      made.filter((id) => read.has(id)),
    ),
    left,
  );
}

/** The place of the first row that did not get through, or `undefined`. */
async function tellFolds(
  { mailbox, folder, emitter }: Pick<CollectInput, 'mailbox' | 'folder' | 'emitter'>,
  rows: readonly LogRow[],
  folds: readonly Fold[],
): Promise<number | undefined> {
  const byItem = groupRows(rows, folds);
  for (let at = 0; at < folds.length; at += CHUNK) {
    const chunk = folds.slice(at, at + CHUNK);
    const named = chunk.flatMap((fold) => byItem.get(fold.item)!).sort(compareWatermarks);
    const seen = await mailbox.itemsFor(folder, named);
    const unseen = new Set(named.slice(seen.rows.length).map((row) => row.item));
    for (const fold of chunk) {
      if (unseen.has(fold.item)) return fold.first;
      const told = await tell(emitter, fold, seen.items.get(fold.item));
      if (told === 'stop') return fold.first;
    }
  }
  return undefined;
}

function groupRows(rows: readonly LogRow[], folds: readonly Fold[]): Map<ItemId, LogRow[]> {
  const groups = new Map<ItemId, LogRow[]>(folds.map((fold) => [fold.item, []]));
  for (const row of rows) groups.get(row.item)?.push(row);
  return groups;
}

function tell(emitter: Emitter, fold: Fold, item: Item | undefined): Emitted | Promise<Emitted> {
  switch (outcomeOf(fold, item !== undefined)) {
    case 'add':
      return emitter.put('Add', item!);
    case 'change':
      return emitter.put('Change', item!);
    case 'flags':
      return emitter.flags(item!, fold.parts);
    case 'delete':
      return emitter.remove('Delete', fold.item);
    case 'leave':
      return emitter.remove('SoftDelete', fold.item);
    default:
      return 'done';
  }
}

/** Items that pages have to bring, as rows up to the watermark left them; `undefined` for those that are gone. */
type Seen = ReadonlyMap<ItemId, Item | undefined>;

/**
 * A page may not be told before the items of all rows up to the watermark can be seen: what a page misses or shows as
 * it was, no row corrects later. Only items that pages have to bring count.
 */
async function seePaged(
  { mailbox, folder, from }: CollectInput,
  rows: readonly LogRow[],
): Promise<{ readonly cut: number | undefined; readonly seen: Seen }> {
  if (nextMissing(from) === undefined) return { cut: undefined, seen: new Map() };
  const paged = rows.filter(({ item }) => wanted(from, item) && !holds(from, item) && !ignored(from, item));
  if (paged.length === 0) return { cut: undefined, seen: new Map() };
  const found = await mailbox.itemsFor(folder, paged);
  const cut = found.complete ? undefined : rows.indexOf(paged[found.rows.length]!);
  return { cut, seen: new Map(found.rows.map((row) => [row.item, found.items.get(row.item)])) };
}

const idBelow = (range: IdRange) => (range.below === TOP ? undefined : (range.below as ItemId));
const idFrom = (range: IdRange) => (range.from === BOTTOM ? undefined : (range.from as ItemId));

async function pageMissing(input: CollectInput, start: Position, snapshot: number, seen: Seen): Promise<Position> {
  let position = start;
  for (let range = nextMissing(position); range; range = nextMissing(position)) {
    if (input.emitter.full) break;
    const limit = Math.max(1, Math.min(PAGE, input.room.items));
    const page = await input.mailbox.page(input.folder, { below: idBelow(range), from: idFrom(range), limit });
    const from = page.length < limit ? range.from : page.at(-1)!.id;
    const items = withSeen(page, seen, { from, below: range.below });
    const reached = await tellPage(input, items, snapshot, position);
    if (reached !== undefined) {
      return reached === 0 ? position : withHeld(position, { from: items[reached - 1]!.id, below: range.below });
    }
    position = withHeld(position, { from, below: range.below });
  }
  return position;
}

/** A page with the items of its range as they were seen before, where it shows them older or not at all. */
function withSeen(page: readonly Item[], seen: Seen, range: IdRange): readonly Item[] {
  if (seen.size === 0) return page;
  const items = new Map(page.map((item) => [item.id, item]));
  for (const [id, item] of seen) {
    if (id < range.from || id >= range.below) continue;
    if (item === undefined) items.delete(id);
    else if (!((items.get(id)?.seq ?? -1) >= item.seq)) items.set(id, item);
  }
  return [...items.values()].sort((a, b) => (a.id > b.id ? -1 : 1));
}

/** Adds the items of a page; the place of the first that found no room, or `undefined`. */
async function tellPage(
  { emitter }: Pick<CollectInput, 'emitter'>,
  items: readonly Item[],
  snapshot: number,
  position: Position,
): Promise<number | undefined> {
  for (let place = 0; place < items.length; place++) {
    const item = items[place]!;
    if (item.addedSeq > snapshot || ignored(position, item.id)) continue;
    const told = emitter.put('Add', item);
    // Most items are told at once; an await each would cost more than the rendering.
    if ((told instanceof Promise ? await told : told) === 'stop') return place;
  }
  return undefined;
}

/** SoftDelete for what lies below the cut-off now (MS-ASCMD R3967). */
async function pageExcess(input: CollectInput, start: Position): Promise<Position> {
  let position = start;
  for (let range = nextExcess(position); range; range = nextExcess(position)) {
    if (input.emitter.full) break;
    const limit = Math.max(1, Math.min(PAGE, input.room.items));
    const items = await input.mailbox.page(input.folder, { below: idBelow(range), from: idFrom(range), limit });
    for (const [place, item] of items.entries()) {
      if (position.skipped.includes(item.id) || ignored(position, item.id)) continue;
      if (input.emitter.remove('SoftDelete', item.id) === 'stop') {
        return place === 0 ? position : withoutHeld(position, { from: items[place - 1]!.id, below: range.below });
      }
    }
    const from = items.length < limit ? range.from : items.at(-1)!.id;
    position = withoutHeld(position, { from, below: range.below });
  }
  return position;
}

/** Remembers what could not be shown, and forgets what was shown or removed at last. */
function settleSkipped({ emitter }: Pick<CollectInput, 'emitter'>, next: Position): Position {
  const shown = new Set(emitter.told);
  return withSkipped(withoutSkipped(next, shown), emitter.poison);
}

export interface AgainInput extends Omit<CollectInput, 'room' | 'logMoved'> {
  /** Where the interval began and ended. */
  readonly base: Position;
  readonly next: Position;
  readonly snapshot: number;
}

/** Tells the interval between two positions again. What happened since waits, what is gone since is left out. */
export async function collectAgain(input: AgainInput): Promise<Collected> {
  const { mailbox, folder, base, next, snapshot, own, emitter } = input;
  const folded = new RowFolder(aim(base, next.goal, next.filterType, next), own);
  const interval = await rowsBetween(mailbox, folder, base.log, next.log);
  if (!interval) return { next, snapshot, gone: true };
  for (const [place, row] of interval.entries()) folded.add(row, place);
  await tellFolds(input, interval, folded.tellable());
  const { added, removed } = extentBetween(withOwn(base, folded.made), next);
  for (const range of added) await everyPage(input, range, (items) => tellPage(input, items, snapshot, next));
  for (const range of removed) {
    await everyPage(input, range, (items) => {
      // What came after the interval began was never told; what its rows told is told.
      const known = items.filter(({ id, addedSeq }) => addedSeq <= base.log.seq && !ignored(next, id));
      const old = known.filter(({ id }) => !emitter.told.includes(id));
      for (const item of old) emitter.remove('SoftDelete', item.id);
    });
  }
  if (removed.length > 0 && !(await tellLost(input, removed))) return { next, snapshot, gone: true };
  return { next: settleSkipped(input, next), snapshot, gone: false };
}

/** What was to leave the filter and is gone from the folder since, no page shows and no later row tells. */
async function tellLost({ mailbox, folder, next, emitter }: AgainInput, removed: IdSet): Promise<boolean> {
  const since = await rowsBetween(mailbox, folder, next.log);
  for (const row of since ?? []) {
    if (row.kind === 'delete' && contains(removed, row.item) && !ignored(next, row.item))
      emitter.remove('Delete', row.item);
  }
  return since !== undefined;
}

/** The rows after one watermark up to another, or to the end; `undefined` where they are gone. */
async function rowsBetween(
  mailbox: Mailbox,
  folder: FolderId,
  after: Watermark,
  end?: Watermark,
): Promise<LogRow[] | undefined> {
  const rows: LogRow[] = [];
  for (let upTo = after, more = true; more && !(end && compareWatermarks(upTo, end) >= 0); ) {
    const page = await mailbox.log(folder, upTo, LOG_PAGE);
    if (page.gone) return undefined;
    rows.push(...page.rows.filter((row) => !end || compareWatermarks(row, end) <= 0));
    ({ upTo, more } = page);
  }
  return rows;
}

async function everyPage(
  { mailbox, folder }: Pick<CollectInput, 'mailbox' | 'folder'>,
  range: IdRange,
  tellItems: (items: readonly Item[]) => unknown,
): Promise<void> {
  for (let below = idBelow(range); ; ) {
    const items = await mailbox.page(folder, { below, from: idFrom(range), limit: PAGE });
    await tellItems(items);
    if (items.length < PAGE) return;
    below = items.at(-1)!.id;
  }
}
