/** What a row and a transaction may be, checked alike by every engine, so that no engine takes what another refuses. */
import { type Key, type Row, TRANSACTION_LIMIT, type Value, type Write } from './ports.ts';

/** DynamoDB's limits, in bytes of UTF-8. */
export const MAX_PARTITION_KEY = 2048;
export const MAX_SORT_KEY = 1024;
export const MAX_ROW = 400 * 1024;
export const MAX_TRANSACTION = 4 * 1024 * 1024;

/** `read` as a function that reads a row once: an engine may give the same row again, and no row ever changes. */
export function readOnce<T extends object>(read: (row: Row) => T): (row: Row) => T {
  const known = new WeakMap<Row, T>();
  return (row) => {
    const before = known.get(row);
    if (before) return before;
    const made = read(row);
    known.set(row, made);
    return made;
  };
}

export function keyOf(write: Write): Key {
  return write.op === 'put' ? { table: write.table, pk: write.row.pk, sk: write.row.sk } : write.key;
}

/** @throws TypeError, RangeError for what no engine takes: a bug of the caller, not an outcome. */
export function checkWrites(writes: readonly Write[]): void {
  if (writes.length === 0) throw new TypeError('a transaction needs a write');
  if (writes.length > TRANSACTION_LIMIT) throw new RangeError(`a transaction takes ${TRANSACTION_LIMIT} writes`);
  const seen = new Set<string>();
  for (const write of writes) {
    const { table, pk, sk } =
      write.op === 'put' ? { table: write.table, pk: write.row.pk, sk: write.row.sk } : write.key;
    checkKey(pk, sk);
    if (writes.length > 1) {
      const name = `${table}\n${pk.length}\n${pk}${sk}`;
      if (seen.has(name)) throw new TypeError('a transaction may touch a row once');
      seen.add(name);
    }
    if (write.op === 'update') checkUpdate(write);
  }
}

export function checkKey(pk: string, sk: string): void {
  if (pk === '' || sk === '') throw new TypeError('a key may not be empty');
  if (tooLong(pk, MAX_PARTITION_KEY)) throw new RangeError(`a partition key takes ${MAX_PARTITION_KEY} bytes`);
  if (tooLong(sk, MAX_SORT_KEY)) throw new RangeError(`a sort key takes ${MAX_SORT_KEY} bytes`);
}

function tooLong(text: string, limit: number): boolean {
  return text.length * 3 > limit && Buffer.byteLength(text) > limit;
}

function checkUpdate(write: Extract<Write, { op: 'update' }>): void {
  const names = [...Object.keys(write.set ?? {}), ...Object.keys(write.add ?? {}), ...(write.remove ?? [])];
  if (names.length === 0) throw new TypeError('an update needs something to change');
  if (new Set(names).size !== names.length) throw new TypeError('an update may name an attribute once');
  if (names.includes('pk') || names.includes('sk')) throw new TypeError('an update may not change the key');
  for (const value of Object.values(write.add ?? {})) {
    if (!Number.isFinite(value)) throw new TypeError('only a finite number can be added');
  }
}

/**
 * Looks through a row's values.
 * @returns whether there are bytes among them
 * @throws TypeError for numbers that are not finite, and for values of other types
 */
export function checkRow(row: Row): boolean {
  let bytes = false;
  for (const name in row) {
    const value = row[name];
    if (typeof value === 'string' || value === undefined) continue;
    if (checkValue(value)) bytes = true;
  }
  return bytes;
}

function checkValue(value: Value): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return false;
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError('a row takes finite numbers');
      return false;
    case 'object': {
      if (value === null) return false;
      if (value instanceof Uint8Array) return true;
      let bytes = false;
      for (const inner of Array.isArray(value) ? value : Object.values(value)) {
        if (inner !== undefined && checkValue(inner)) bytes = true;
      }
      return bytes;
    }
    default:
      throw new TypeError(`a row takes no ${typeof value}`);
  }
}

/** @throws RangeError when the row is over 400 KB as DynamoDB counts; `hint` is a length that it cannot exceed. */
export function checkSize(row: Row, hint: number): void {
  if (hint > MAX_ROW && rowSize(row) > MAX_ROW) throw new RangeError(`a row takes ${MAX_ROW} bytes`);
}

/** Bytes as DynamoDB counts them: names and texts in UTF-8, numbers as digits, 3 for a list or map and 1 for each entry. */
export function rowSize(row: Row): number {
  let size = 0;
  for (const [name, value] of Object.entries(row)) {
    if (value !== undefined) size += Buffer.byteLength(name) + valueSize(value);
  }
  return size;
}

function valueSize(value: Value): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return Math.ceil(String(value).length / 2) + 1;
  if (typeof value === 'boolean' || value === null) return 1;
  if (value instanceof Uint8Array) return value.byteLength;
  let size = 3;
  if (Array.isArray(value)) {
    for (const inner of value) size += 1 + valueSize(inner);
    return size;
  }
  for (const [name, inner] of Object.entries(value)) size += 1 + Buffer.byteLength(name) + valueSize(inner as Value);
  return size;
}
