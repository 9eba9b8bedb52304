import type { MailboxId } from '../ops/ids.ts';
import type { Table } from '../store/ports.ts';
import { keys } from '../store/schema.ts';

/** What is no photo that a phone could show, or too large to be carried in every answer. */
export class InvalidPhoto extends Error {
  override readonly name = 'InvalidPhoto';
}

/** Exchange takes 100 KB into its directory as well; a row holds at most 400 KB. */
export const MAX_PHOTO = 100 * 1024;
/** Rows read at one time. */
const AT_ONCE = 10;

/** Photos of people in the address list. */
export interface Photos {
  get(id: MailboxId): Promise<Uint8Array | undefined>;
  /** In the order of `ids`; a photo is read when it is asked for, not before. */
  each(ids: readonly (MailboxId | undefined)[]): AsyncIterable<Uint8Array | undefined>;
  /** JPEG or PNG. @throws InvalidPhoto */
  set(id: MailboxId, bytes: Uint8Array): Promise<void>;
  remove(id: MailboxId): Promise<void>;
}

export function createPhotos(table: Pick<Table, 'get' | 'batchGet' | 'transact'>): Photos {
  return {
    get: async (id) => (await table.get(keys.photo(id), 'eventual'))?.bytes as Uint8Array | undefined,
    async *each(ids) {
      for (let from = 0; from < ids.length; from += AT_ONCE) {
        const some = ids.slice(from, from + AT_ONCE);
        const wanted = some.filter((id) => id !== undefined);
        const rows = await table.batchGet(wanted.map(keys.photo), 'eventual');
        const found = new Map(wanted.map((id, n) => [id, rows[n]?.bytes as Uint8Array | undefined]));
        for (const id of some) yield id && found.get(id);
      }
    },
    async set(id, bytes) {
      if (bytes.length > MAX_PHOTO) throw new InvalidPhoto(`a photo has at most ${MAX_PHOTO / 1024} KB`);
      if (!isImage(bytes)) throw new InvalidPhoto('a photo is a JPEG or a PNG');
      const { table: name, pk, sk } = keys.photo(id);
      await table.transact([{ op: 'put', table: name, row: { pk, sk, bytes } }]);
    },
    async remove(id) {
      await table.transact([{ op: 'delete', key: keys.photo(id) }]);
    },
  };
}

/** A directory without photos. */
export const NO_PHOTOS: Pick<Photos, 'each'> = {
  async *each(ids) {
    for (const _ of ids) yield undefined;
  },
};

const BEGINNINGS = [
  [0xff, 0xd8, 0xff],
  [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
];

const isImage = (bytes: Uint8Array) => BEGINNINGS.some((start) => start.every((byte, at) => bytes[at] === byte));
