import type { Folder, LogRow, Mailbox } from '../mailbox/types.ts';
import { type DeviceId, type ItemId, SMS_IDS } from '../ops/ids.ts';
import { logMoved } from './collection.ts';
import { nextGoal } from './filter.ts';
import { aim, type Beside, excess, ignored, missing, type Position } from './position.ts';
import { BOTTOM, type IdRange, type IdSet, subtract, TOP } from './ranges.ts';
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
  /** As for a Sync. */
  readonly beside?: (position: Position, goal: string) => Promise<Beside>;
  readonly now: number;
}

/** How many items the next Syncs have to tell. Reads only; no key moves (MS-ASCMD R4591). `undefined`: the log is gone. */
export async function estimate(input: EstimateInput): Promise<number | undefined> {
  const { position, filterType, now, mailbox, folder } = input;
  const goal = nextGoal(position, filterType, now);
  const from = aim(position, goal, filterType, await input.beside?.(position, goal));
  const told = await countRows(input, from);
  if (told === undefined) return undefined;
  let count = told;
  for (const range of [...missing(from), ...excess(from)]) {
    if (count < ESTIMATE_LIMIT) count += await countRange(mailbox, folder, range, from);
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

async function countRange(mailbox: Mailbox, folder: Folder, range: IdRange, position: Position): Promise<number> {
  if (range.below === TOP && range.from === BOTTOM) {
    return folder.class === 'Email' ? folder.count - (await countIgnored(mailbox, folder, position)) : folder.count;
  }
  const page = await pageOf(mailbox, folder, range);
  if (!page.some(({ id }) => ignored(position, id))) return page.length;
  // A page that text messages fill says nothing of the mail below them.
  const rest: IdSet = subtract([range], [SMS_IDS]);
  let count = 0;
  for (const part of rest) count += (await pageOf(mailbox, folder, part)).length;
  return count;
}

/** Text messages are counted with the folder. */
async function countIgnored(mailbox: Mailbox, folder: Folder, position: Position): Promise<number> {
  if (position.sms || folder.count === 0) return 0;
  return (await pageOf(mailbox, folder, SMS_IDS)).length;
}

function pageOf(mailbox: Mailbox, folder: Folder, range: IdRange) {
  const below = range.below === TOP ? undefined : (range.below as ItemId);
  const from = range.from === BOTTOM ? undefined : (range.from as ItemId);
  return mailbox.page(folder.id, { below, from, limit: ESTIMATE_LIMIT });
}
