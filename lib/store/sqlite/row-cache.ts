import { LRUCache } from 'lru-cache';
import type { Key, Row } from '../ports.ts';
import type { Database } from './database.ts';

/** What an object costs besides its text, and how much more its values take than the text does; measured on rows of devices. */
const ROW_BYTES = 400;
const BYTES_A_CHARACTER = 3;

/**
 * Rows that were read by their key, decoded: a phone that asks what is new reads the same five rows each time. Strong all
 * the same. This connection's writes are forgotten as they are made, and before the first answer of each turn SQLite says
 * whether another process committed anything; then all of it is forgotten. Between two turns nothing can reach this
 * process that would tell it of a later commit.
 */
export class RowCache {
  readonly #db: Database;
  readonly #rows: LRUCache<string, Row> | undefined;
  #version = -1;
  #checked = false;

  /** `kb`: most memory for rows; 0: none are kept. */
  constructor(db: Database, kb: number) {
    this.#db = db;
    this.#rows = kb > 0 ? new LRUCache({ maxSize: kb * 1024, maxEntrySize: Math.max(1, kb * 128) }) : undefined;
  }

  /** `undefined`: not kept, there may be one. @throws what SQLite throws */
  get({ table, pk, sk }: Key): Row | undefined {
    if (!this.#rows) return undefined;
    if (!this.#checked) this.#check(this.#rows);
    return this.#rows.get(`${table} ${pk} ${sk}`);
  }

  /** Gives the row back, which nobody can change from now on: others will read it. */
  keep(row: Row, { table, pk, sk }: Key, characters: number): Row {
    if (!this.#rows) return row;
    const size = ROW_BYTES + characters * BYTES_A_CHARACTER;
    this.#rows.set(`${table} ${pk} ${sk}`, Object.freeze(row), { size });
    return row;
  }

  /** The row is about to be written or deleted; whatever becomes of that, the next read asks SQLite. */
  forget({ table, pk, sk }: Key): void {
    this.#rows?.delete(`${table} ${pk} ${sk}`);
  }

  #check(rows: LRUCache<string, Row>): void {
    const [version] = this.#db.sql('PRAGMA data_version').get() as unknown as [number];
    if (version !== this.#version) rows.clear();
    this.#version = version;
    this.#checked = true;
    // Comes after all promises that follow from this event, and before the next event.
    process.nextTick(() => {
      this.#checked = false;
    });
  }
}
