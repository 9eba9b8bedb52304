import type { FolderId } from '../ops/ids.ts';
import type { Consistency, Row } from '../store/ports.ts';
import { keys, LOG_TTL_S, mailboxPartition } from '../store/schema.ts';
import type { MailboxContext } from './context.ts';
import { logRowOf, type StoredLogRow } from './rows.ts';
import type { LogPage, Watermark } from './types.ts';

/** Where a log ends, as its folder's row (or `STATE`, for the hierarchy) says. */
export interface LogHead {
  readonly seq: number;
  readonly tail: number;
}

export interface StoredLogPage extends LogPage {
  readonly rows: readonly StoredLogRow[];
}

/** Looks at a place where rows should be and are not, before they count as gone. */
const LOOKS = 6;
const STRONG: Consistency = 'strong';

/**
 * Rows after a watermark. A query can see some rows of a transaction and not others, so only rows that follow one
 * another by `prev` are told; rows that should be there are looked for again before they count as gone.
 *
 * @param head reads where the log ends; what it throws ends the reading
 */
export async function readLog(
  context: MailboxContext,
  scope: FolderId,
  after: Watermark,
  limit: number,
  head: () => Promise<LogHead>,
): Promise<StoredLogPage> {
  if (!(limit >= 1)) throw new RangeError('limit must be at least 1');
  const nothing = { rows: [], upTo: after, more: false };
  for (let look = 1; ; look++) {
    const end = await head();
    // Reading the head first: what it counts has been committed, the rows may only be late to be seen.
    const found = await context.table.query(range(context, scope, after, limit));
    const rows = contiguous(found, after);
    const last = rows.at(-1);
    if (last) {
      if (expired(context, rows[0]!)) return { ...nothing, gone: true };
      const upTo = { seq: last.seq, n: last.n };
      return {
        rows,
        upTo,
        more: found.length > rows.length || found.length === limit || before(upTo, end),
        gone: false,
      };
    }
    if (found.length === 0 && after.seq === end.seq && after.n >= end.tail) return { ...nothing, gone: false };
    if (look === LOOKS) return { ...nothing, gone: true };
    await context.pause(look);
  }
}

function range(context: MailboxContext, scope: FolderId, after: Watermark, limit: number) {
  return {
    table: 'mailboxes',
    pk: mailboxPartition(context.id),
    from: keys.log(context.id, scope, after.seq, Math.min(after.n + 1, 9999)).sk,
    // Above every sequence: twelve digits end below the colon.
    to: `L#${scope}#:`,
    limit,
    order: 'ascending',
    consistency: STRONG,
  } as const;
}

/** The leading rows with nothing missing between the watermark and the first, nor between one and the next. */
export function contiguous(found: readonly Row[], after: Watermark): StoredLogRow[] {
  const rows: StoredLogRow[] = [];
  let { seq, n } = after;
  for (const stored of found) {
    const row = logRowOf(stored);
    const follows = row.seq === seq ? row.n === n + 1 : row.prev === seq && row.n === 0 && n >= row.prevTail;
    if (!follows) break;
    rows.push(row);
    ({ seq, n } = row);
  }
  return rows;
}

const before = (a: Watermark, b: LogHead) => a.seq < b.seq || (a.seq === b.seq && a.n < b.tail);

/** By its own time: expired rows are deleted late and in no order, and while some are left the rest may be gone. */
const expired = ({ clock }: MailboxContext, row: StoredLogRow) => row.at < clock.now() - LOG_TTL_S * 1000;
