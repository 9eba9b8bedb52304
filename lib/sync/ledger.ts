import { createHash } from 'node:crypto';
import type { DeviceId, FolderId, ItemId, MailboxId } from '../ops/ids.ts';
import type { Table, Write } from '../store/ports.ts';
import { keys, LEDGER_TTL_S } from '../store/schema.ts';
import { WbxmlElement } from '../wbxml/element.ts';

/** What a client's command came to; a repetition of it is answered with this. */
export interface LedgerResult {
  readonly status: number;
  readonly item: ItemId;
}

export interface LedgerEntry {
  readonly hash: string;
  readonly result: LedgerResult;
}

/** Names the command within its collection and key: the tag, and its ClientId or ServerId. */
export function ledgerId(tag: string, id: string): string {
  const plain = /^[A-Za-z0-9:._-]{1,64}$/.test(id) ? id : createHash('sha256').update(id).digest('hex');
  return `${tag}:${plain}`;
}

/** The command's content: equal for what a client sends again, different for a new command under an old ClientId. */
export function contentHash(...parts: readonly (string | number | boolean | WbxmlElement | undefined)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    if (part instanceof WbxmlElement) hashElement(hash, part);
    else hash.update(`${typeof part}:${String(part)}\0`);
  }
  return hash.digest('base64url');
}

function hashElement(hash: ReturnType<typeof createHash>, element: WbxmlElement): void {
  hash.update(`<${element.page}.${element.token}`);
  if (element.content !== undefined) hash.update(`=${element.content.length}:`).update(element.content);
  for (const child of element.children) hashElement(hash, child);
  hash.update('>');
}

/**
 * The ledger of one collection under one key: rows `R#<device>#<folder>#<key>#<id>`. Keys of clients have a dot; another
 * word in the place of a key names a ledger for all of them.
 */
export class Ledger {
  readonly #table: Table;
  readonly #ttlS: number;
  readonly #key: (id: string) => ReturnType<typeof keys.ledger>;

  constructor(
    table: Table,
    place: {
      readonly mailbox: MailboxId;
      readonly device: DeviceId;
      readonly folder: FolderId;
      readonly syncKey: string;
      readonly ttlS?: number;
    },
  ) {
    this.#table = table;
    this.#ttlS = place.ttlS ?? LEDGER_TTL_S;
    this.#key = (id) => keys.ledger(place.mailbox, place.device, place.folder, place.syncKey, id);
  }

  /** Strong. @throws StoreUnavailable */
  async read(ids: readonly string[]): Promise<Map<string, LedgerEntry>> {
    const found = new Map<string, LedgerEntry>();
    const unique = [...new Set(ids)];
    if (unique.length === 0) return found;
    const rows = await this.#table.batchGet(unique.map(this.#key), 'strong');
    unique.forEach((id, place) => {
      const row = rows[place];
      if (row)
        found.set(id, { hash: row.hash as string, result: { status: row.status as number, item: row.item as ItemId } });
    });
    return found;
  }

  /** The row to commit with the effect, on condition that the ledger still is as it was read. */
  write(id: string, entry: LedgerEntry, before: LedgerEntry | undefined, now: number): Write {
    const { pk, sk } = this.#key(id);
    const { hash, result } = entry;
    return {
      op: 'put',
      table: 'devices',
      row: { pk, sk, hash, status: result.status, item: result.item, ttl: Math.floor(now / 1000) + this.#ttlS },
      when: before ? { equals: { hash: before.hash } } : { row: 'absent' },
    };
  }
}
