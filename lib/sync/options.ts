import type { SyncRequest } from '../documents/sync.ts';
import type { ItemClass } from '../mailbox/types.ts';
import { filterAllowed } from './filter.ts';
import type { ClassOptions } from './item-class.ts';

/** What a collection's state keeps of the client's wishes until they are given anew. */
export interface SyncOptions {
  /** Of the collection's own class. */
  readonly own: ClassOptions;
  /** Of text messages in a mail folder; without it they stay on the server. */
  readonly sms?: ClassOptions;
  readonly conversationMode?: boolean;
  /** Tags of `Supported` under key 0: absent, nothing is ghosted; empty, everything that can be is (R5906, R5909). */
  readonly supported?: readonly string[];
}

type RequestCollection = NonNullable<SyncRequest['Collections']>['Collection'][number];
type RequestOptions = NonNullable<RequestCollection['Options']>[number];

export const DEFAULT_OPTIONS: ClassOptions = { filterType: 0, conflict: 1, mimeSupport: 0, bodyPreferences: [] };

const CLASSES: readonly string[] = ['Email', 'Calendar', 'Contacts', 'Tasks', 'Notes', 'SMS'];

/**
 * The collection's options after this request: an Options block replaces the one before as a whole (MS-ASCMD R3599),
 * none keeps it (R3598). `undefined` is status 4: a class twice (R930), a class that does not go with the folder
 * (R935), a value that the class does not know (R3080, R2117).
 */
export function mergeOptions(
  before: SyncOptions | undefined,
  request: Pick<RequestCollection, 'Options' | 'ConversationMode' | 'Supported'>,
  folderClass: ItemClass,
  initial: boolean,
): SyncOptions | undefined {
  if (request.ConversationMode !== undefined && folderClass !== 'Email') return undefined;
  const merged = request.Options ? fromRequest(request.Options, folderClass) : classesOf(before);
  if (!merged) return undefined;
  const conversationMode = request.ConversationMode ?? before?.conversationMode;
  // Supported counts only with key 0; later ones are ignored (MS-ASCMD R4551, R4552).
  const supported = initial ? request.Supported?.children.map((child) => child.tag) : before?.supported;
  return {
    ...merged,
    ...(conversationMode === undefined ? {} : { conversationMode }),
    ...(supported === undefined ? {} : { supported }),
  };
}

type Classes = Pick<SyncOptions, 'own' | 'sms'>;

function classesOf(before: SyncOptions | undefined): Classes {
  return before?.sms ? { own: before.own, sms: before.sms } : { own: before?.own ?? DEFAULT_OPTIONS };
}

function fromRequest(blocks: readonly RequestOptions[], folderClass: ItemClass): Classes | undefined {
  const byClass = new Map<string, ClassOptions>();
  for (const block of blocks) {
    const name = block.Class ?? folderClass;
    if (!CLASSES.includes(name) || byClass.has(name)) return undefined;
    if (name !== folderClass && !(name === 'SMS' && folderClass === 'Email')) return undefined;
    const read = readOptions(block, name as ItemClass);
    if (!read) return undefined;
    byClass.set(name, read);
  }
  const sms = byClass.get('SMS');
  const own = byClass.get(folderClass) ?? DEFAULT_OPTIONS;
  return sms ? { own, sms } : { own };
}

function readOptions(block: RequestOptions, itemClass: ItemClass): ClassOptions | undefined {
  const filterType = block.FilterType ?? 0;
  if (!filterAllowed(itemClass, filterType)) return undefined;
  const { Conflict: conflict = 1, MIMESupport: mimeSupport = 0, MIMETruncation: mimeTruncation } = block;
  if (!within(conflict, 0, 1) || !within(mimeSupport, 0, 2)) return undefined;
  if (mimeTruncation !== undefined && !within(mimeTruncation, 0, 8)) return undefined;
  const { Truncation: truncation } = block;
  if (truncation !== undefined && !within(truncation, 0, 9)) return undefined;
  return {
    filterType,
    conflict: conflict as 0 | 1,
    mimeSupport: mimeSupport as 0 | 1 | 2,
    ...(mimeTruncation === undefined ? {} : { mimeTruncation }),
    ...(truncation === undefined ? {} : { truncation }),
    bodyPreferences: block.BodyPreference ?? [],
    ...(block.BodyPartPreference ? { bodyPartPreference: block.BodyPartPreference } : {}),
  };
}

const UNLIMITED = 8;

/**
 * For a Fetch that brings no options of its own: it asks for the complete item, and those of before are why it was cut
 * (MS-ASCMD 2.2.3.67.2). Windows Mobile and Android with 12.x ask so for the rest of a message.
 */
export function untruncated(options: ClassOptions): ClassOptions {
  const { mimeTruncation, bodyPartPreference: part } = options;
  return {
    ...options,
    // It stays there: without a preference it is what asks for MIME at all.
    ...(mimeTruncation === undefined ? {} : { mimeTruncation: UNLIMITED }),
    bodyPreferences: options.bodyPreferences.map((one) => ({ ...one, TruncationSize: undefined })),
    ...(part ? { bodyPartPreference: { ...part, TruncationSize: undefined } } : {}),
  };
}

const within = (value: number, low: number, high: number) => value >= low && value <= high;
