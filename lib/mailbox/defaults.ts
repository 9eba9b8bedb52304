import type { FolderId } from '../ops/ids.ts';
import { FolderType, type ItemClass } from './types.ts';

/** A folder that every mailbox has. Its id is the same in all mailboxes, so that making it twice makes it once. */
export interface DefaultFolder {
  readonly id: FolderId;
  readonly name: string;
  readonly type: FolderType;
}

const folder = (id: string, name: string, type: FolderType): DefaultFolder => ({ id: id as FolderId, name, type });

/**
 * In the order in which a new mailbox numbers them. A release that adds one lets `Mailboxes.create` add it to the
 * mailboxes that exist. An id may never change or be given to another folder: devices remember it.
 */
export const DEFAULT_FOLDERS: readonly DefaultFolder[] = [
  folder('inbox', 'Inbox', FolderType.Inbox),
  folder('drafts', 'Drafts', FolderType.Drafts),
  folder('trash', 'Deleted Items', FolderType.DeletedItems),
  folder('sent', 'Sent Items', FolderType.SentItems),
  folder('outbox', 'Outbox', FolderType.Outbox),
  // The protocol has no type for it; clients know it by its English name.
  folder('junk', 'Junk E-mail', FolderType.UserMail),
];

/**
 * What a new mailbox begins with. iOS, Outlook and Gmail archive into the folder of this name and fail where there is
 * none. It is the user's: who renames or deletes it does not get it back.
 */
export const FIRST_FOLDERS: readonly DefaultFolder[] = [
  ...DEFAULT_FOLDERS,
  folder('archive', 'Archive', FolderType.UserMail),
];

const FIXED: ReadonlySet<string> = new Set(DEFAULT_FOLDERS.map(({ id }) => id));

/** Default folders are neither renamed nor moved nor deleted (MS-ASCMD R4046, R4102). */
export const isDefault = (id: FolderId): boolean => FIXED.has(id);

const CLASSES: Partial<Record<FolderType, ItemClass>> = {
  [FolderType.Tasks]: 'Tasks',
  [FolderType.Calendar]: 'Calendar',
  [FolderType.Contacts]: 'Contacts',
  [FolderType.Notes]: 'Notes',
  [FolderType.UserCalendar]: 'Calendar',
  [FolderType.UserContacts]: 'Contacts',
  [FolderType.UserTasks]: 'Tasks',
  [FolderType.UserNotes]: 'Notes',
};

/** The class of items that a folder of this type takes. */
export const classOf = (type: FolderType): ItemClass => CLASSES[type] ?? 'Email';
