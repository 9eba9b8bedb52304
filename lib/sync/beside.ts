/** What a device ought to have of a mail folder besides the mail above its cut-off: text messages, and old replies. */
import type { Folder, Item, Mailbox } from '../mailbox/types.ts';
import { type FolderId, type ItemId, SMS_IDS } from '../ops/ids.ts';
import { logMoved } from './collection.ts';
import { nextGoal, smsCutOff } from './filter.ts';
import type { Beside, Position } from './position.ts';
import { BOTTOM } from './ranges.ts';

/**
 * The mail of any of these conversations (ids as hex) in a folder, below an id or a cut-off: the newest `limit`, newest
 * first. All are asked for at once: each question first brings an index up to now.
 */
export type Conversations = (
  mailbox: Mailbox,
  wanted: {
    readonly conversations: readonly string[];
    readonly folder: FolderId;
    readonly below: string;
    readonly limit: number;
  },
) => Promise<readonly ItemId[]>;

export interface BesideInput {
  readonly mailbox: Mailbox;
  readonly folder: Folder;
  /** FilterType of text messages; absent where the device wants none of them. */
  readonly sms?: number;
  /** Asked for conversations as wholes (MS-ASCMD 2.2.3.36.2). */
  readonly conversations?: Conversations;
  readonly now: number;
}

/** Messages within a filter that are looked at for their threads, conversations that are followed, and what they add. */
const WINDOW = 2_000;
const FOLLOWED = 300;
const ADDED = 500;
const PAGE = 128;
/** Hex digits of a conversation index that is no reply's. */
const HEADER_DIGITS = 44;

const NOTHING = { goal: '', filterType: -1 };

/** Reads only where the folder or the cut-off moved: otherwise what was found for `position` still holds. */
export async function besideOf(input: BesideInput, position: Position, goal: string): Promise<Beside> {
  const { sms: filterType, now, conversations, folder } = input;
  const sms = filterType === undefined ? undefined : aimSms(position, filterType, now);
  if (!conversations || goal === BOTTOM) return sms ? { sms } : {};
  const still = position.threads && goal === position.goal && !logMoved(position.log, folder);
  const threads = still ? position.threads : await threadsBelow(input, conversations, goal);
  return { ...(sms && { sms }), ...(threads && { threads }) };
}

function aimSms(position: Position, filterType: number, now: number): NonNullable<Beside['sms']> {
  return { goal: nextGoal(position.sms ?? NOTHING, filterType, now, smsCutOff), filterType };
}

/** Messages below the cut-off whose conversation goes on above it (MS-ASCMD R2107), newest first. */
async function threadsBelow(
  { mailbox, folder }: BesideInput,
  conversations: Conversations,
  goal: string,
): Promise<readonly ItemId[]> {
  const followed = new Set<string>();
  for (let below = SMS_IDS.from as ItemId, seen = 0; seen < WINDOW && followed.size < FOLLOWED; ) {
    const page = await mailbox.page(folder.id, { below, from: goal as ItemId, limit: PAGE });
    for (const { content } of page) if (isReply(content)) followed.add(content.conversationId);
    if (page.length < PAGE) break;
    below = page.at(-1)!.id;
    seen += page.length;
  }
  if (followed.size === 0) return [];
  const ids = [...followed].slice(0, FOLLOWED);
  return await conversations(mailbox, { conversations: ids, folder: folder.id, below: goal, limit: ADDED });
}

/** Only what answers something can have anything before it. */
function isReply({ references, conversationIndex }: Item['content']): boolean {
  return references !== undefined || conversationIndex.length > HEADER_DIGITS;
}
