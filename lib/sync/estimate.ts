import type { Folder, LogRow, Mailbox } from '../mailbox/types.ts';
import type { DeviceId, ItemId } from '../ops/ids.ts';
import { logMoved } from './collection.ts';
import { nextGoal } from './filter.ts';
import { aim, nextExcess, nextMissing, type Position } from './position.ts';
import { BOTTOM, type IdRange, TOP } from './ranges.ts';
import { RowFolder } from './rows.ts';
import { ownRows } from './state.ts';
import type { SyncState } from './states.ts';

/** An estimate is good up to here (MS-ASCMD R3543); more is not counted. */
export const ESTIMATE_LIMIT = 512;

export interface EstimateInput {
  readonly mailbox: Mailbox;
  readonly device: DeviceId;
  readonly folder: Folder;
  readonly state: SyncState;
  /** Where the key that was sent stands. */
  readonly position: Position;
  readonly filterType: number;
  readonly now: number;
}

/** How many items the next Syncs have to tell. Reads only; no key moves (MS-ASCMD R4591). `undefined`: the log is gone. */
export async function estimate(input: EstimateInput): Promise<number | undefined> {
  const { position, filterType, now, mailbox, folder } = input;
  const from = aim(position, nextGoal(position, filterType, now), filterType);
  const told = await countRows(input, from);
  if (told === undefined) return undefined;
  let count = told;
  for (const range of [nextMissing(from), nextExcess(from)]) {
    if (range && count < ESTIMATE_LIMIT) count += await countRange(mailbox, folder, range);
  }
  return Math.min(count, ESTIMATE_LIMIT);
}

async function countRows(
  { mailbox, folder, state, device }: EstimateInput,
  from: Position,
): Promise<number | undefined> {
  if (!logMoved(from.log, folder)) return 0;
  const rows = new RowFolder(from, ownRows(state, device));
  for (let upTo = from.log, more = true, index = 0; more && rows.telling < ESTIMATE_LIMIT; ) {
    const page: { rows: readonly LogRow[]; upTo: typeof upTo; more: boolean; gone: boolean } = await mailbox.log(
      folder.id,
      upTo,
      ESTIMATE_LIMIT,
    );
    if (page.gone) return undefined;
    for (const row of page.rows) rows.add(row, index++);
    ({ upTo, more } = page);
  }
  return rows.telling;
}

async function countRange(mailbox: Mailbox, folder: Folder, range: IdRange): Promise<number> {
  if (range.below === TOP && range.from === BOTTOM) return folder.count;
  const page = await mailbox.page(folder.id, {
    below: range.below === TOP ? undefined : (range.below as ItemId),
    from: range.from === BOTTOM ? undefined : (range.from as ItemId),
    limit: ESTIMATE_LIMIT,
  });
  return page.length;
}
