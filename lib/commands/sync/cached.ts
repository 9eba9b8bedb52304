import type { SyncRequest } from '../../documents/sync.ts';
import type { DeviceId, MailboxId } from '../../ops/ids.ts';
import { ConditionFailed, StoreConflict, type Table } from '../../store/ports.ts';
import { keys } from '../../store/schema.ts';

/** A row holds 400 KB of all that is known of a device; no phone comes near this. */
const MAX_CHARACTERS = 100_000;
/** The attribute of the device's row that holds the request. */
const ATTRIBUTE = 'cachedSync';

/** The last Sync without client changes, which an empty request repeats (MS-ASCMD R666, R674). */
export class CachedRequests {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  /** As stored, for `parse` and `store`. @throws StoreUnavailable */
  async read(mailbox: MailboxId, device: DeviceId): Promise<string | undefined> {
    const row = await this.#table.get(keys.device(mailbox, device), 'strong');
    return typeof row?.[ATTRIBUTE] === 'string' ? row[ATTRIBUTE] : undefined;
  }

  parse(stored: string | undefined): SyncRequest | undefined {
    return stored === undefined ? undefined : (JSON.parse(stored) as SyncRequest);
  }

  /** Writes only what differs from what was read: most requests repeat themselves. What is too large is not kept. */
  async store(
    mailbox: MailboxId,
    device: DeviceId,
    request: SyncRequest | undefined,
    before: string | undefined,
  ): Promise<void> {
    const text = request && JSON.stringify(request);
    const wanted = text === undefined || text.length > MAX_CHARACTERS ? undefined : text;
    if (wanted === before) return;
    const change = wanted === undefined ? { remove: [ATTRIBUTE] } : { set: { [ATTRIBUTE]: wanted } };
    try {
      // A device without a partnership (AOSP's account test) keeps nothing.
      const key = keys.device(mailbox, device);
      await this.#table.transact([{ op: 'update', key, ...change, when: { row: 'present' } }]);
    } catch (error) {
      // Two requests of a device at once: one of them is cached, either is as good; without any it gets status 13.
      if (!(error instanceof ConditionFailed || error instanceof StoreConflict)) throw error;
    }
  }
}
