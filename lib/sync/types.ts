import type { Mailbox } from '../mailbox/types.ts';
import type { DeviceId, FolderId } from '../ops/ids.ts';

/** What Sync would have for a device, by collection. */
export type NewsKind =
  /** Nothing: every row since the last key is its own, filtered out, or there is none. */
  | 'none'
  /** Additions, or an unfinished paging cursor. */
  | 'now'
  /** Only changes, flags and deletions, or an answer that was returned but not yet acknowledged. */
  | 'later'
  /** The device never synchronised this collection: iOS lists such folders in Ping; additions since the Ping began count. */
  | 'unsynced'
  /** The collection does not exist. */
  | 'gone';

/** Heads as `Mailbox.heads` gives them. */
export type Heads = Awaited<ReturnType<Mailbox['heads']>>;

export interface News {
  /**
   * Strong. Compares with the last key returned to the device (MS-ASCMD R5636). Where all rows after the watermark are
   * no news, it moves the stored watermark over them, so that they are not read again.
   * @param known heads of these folders that the caller has just read, or is reading; they are read here where absent
   */
  look(
    mailbox: Mailbox,
    device: DeviceId,
    folders: readonly FolderId[],
    known?: Heads | Promise<Heads>,
  ): Promise<ReadonlyMap<FolderId, NewsKind>>;
}
