import type { SyncRequest } from '../../documents/sync.ts';
import type { Device } from '../../identity/types.ts';
import type { MailboxId } from '../../ops/ids.ts';
import { ConditionFailed, StoreConflict, type Table } from '../../store/ports.ts';
import { keys } from '../../store/schema.ts';

/** A row holds 400 KB of all that is known of a device; no phone comes near this. */
const MAX_CHARACTERS = 100_000;
/** The attribute of the device's row that holds the request. */
const ATTRIBUTE = 'cachedSync' satisfies keyof Device;

/**
 * The last Sync without client changes, which an empty request repeats (MS-ASCMD R666, R674).
 *
 * It came with the device's row when the request was let in, by a strong read, and is not read again: what an earlier
 * request cached was committed before its answer, and so before the device could send this one. Only requests at the same
 * time can be missed, and of those either is as good.
 */
export class CachedRequests {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  of({ cachedSync }: Pick<Device, 'cachedSync'>): SyncRequest | undefined {
    return cachedSync === undefined ? undefined : (JSON.parse(cachedSync) as SyncRequest);
  }

  /**
   * Writes only what differs from what was read: most requests repeat themselves. What is too large is not kept.
   * @throws StoreUnavailable
   */
  async store(
    mailbox: MailboxId,
    { id, cachedSync: before }: Pick<Device, 'id' | 'cachedSync'>,
    request: SyncRequest | undefined,
  ): Promise<void> {
    const text = request && JSON.stringify(request);
    const wanted = text === undefined || text.length > MAX_CHARACTERS ? undefined : text;
    if (wanted === before) return;
    const change = wanted === undefined ? { remove: [ATTRIBUTE] } : { set: { [ATTRIBUTE]: wanted } };
    try {
      // A device without a partnership (AOSP's account test) keeps nothing.
      const key = keys.device(mailbox, id);
      await this.#table.transact([{ op: 'update', key, ...change, when: { row: 'present' } }]);
    } catch (error) {
      // Two requests of a device at once: one of them is cached, either is as good; without any it gets status 13.
      if (!(error instanceof ConditionFailed || error instanceof StoreConflict)) throw error;
    }
  }
}
